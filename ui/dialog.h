/* dialog.h: a box over the panels: something to read that scrolls, and the keys that answer it. */
#ifndef UI_DIALOG_H
#define UI_DIALOG_H

#include "engine/state.h"
#include "ui/keymap.h"
#include "ui/lines.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stdint.h>

#define DIALOG_FIELD_MAX 256
#define DIALOG_GUARD_MS 300 /* keys typed so soon after it came up weren't meant for it */

struct dialog;

struct dialog_operations {
    int width; /* columns that it likes to have */
    /* The border's colour. */
    enum role role;
    /* True: it can come up by itself, so keys typed before it was seen are dropped. */
    bool guarded;
    void (*title)(const struct view *view, struct text *title);
    /* What scrolls, and what stays under it (or NULL). Both are built `width` columns wide. */
    void (*body)(const struct view *view, struct lines *lines, int width);
    void (*foot)(const struct view *view, struct lines *lines, int width);
    /* Whether it still has its subject; it is closed when not. NULL: always. */
    bool (*stands)(const struct view *view);
    /* Whether letters go into dialog.field. NULL: never. A letter that has a row of its own among
     * the keys and can act is that key as long as the field is empty. */
    bool (*types)(const struct view *view);
    const struct key_row *keys;
};

struct dialog {
    const struct dialog_operations *operations; /* NULL: none is open */
    struct lines body, foot;
    int top;          /* first body line shown */
    int page;         /* body lines that the last frame had room for */
    int foot_rows;    /* and foot lines, the last ones */
    int64_t shown_ms; /* monotonic, when it was first on the screen; 0: not yet */
    bool discard;     /* the loop is to forget what was typed before */
    bool sent;        /* an answer is under way to the engine */
    char field[DIALOG_FIELD_MAX];
    char said[256]; /* what is missing, under the field */
    long subject;   /* what it is about: a gate's opening, a step's index */
};

void dialog_open(struct view *view, const struct dialog_operations *operations, long subject);
void dialog_close(struct view *view);
enum reaction dialog_key(struct view *view, const struct key *key);
void dialog_draw(struct view *view, struct screen *screen);

/* The keys of a gate: answered by one, or by typing its phrase. For the help. */
extern const struct key_row gate_keys[], gate_phrase_keys[];
/* The keys of a dialog that is only read. */
extern const struct key_row reading_keys[];
/* And of a rollback that loses rows. */
extern const struct key_row price_keys[];

extern const struct dialog_operations help_dialog;
/* The one that fits the gate: answered by a key or by typing its phrase. */
const struct dialog_operations *gate_dialog_for(const struct gate_state *gate);
extern const struct dialog_operations skip_dialog;
extern const struct dialog_operations step_dialog;  /* one step in full */
extern const struct dialog_operations table_dialog; /* one table's row counts in full */
/* What a rollback would lose; its subject is price_state.taken_ms of the count before. */
extern const struct dialog_operations price_dialog;

#endif
