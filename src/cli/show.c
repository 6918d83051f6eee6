/* show.c: runs the screen, then asks the journal where the run stands. */
#include "cli/show.h"

#include "base/file.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "engine/journal.h"
#include "ui/ui.h"

#include <stdlib.h>

int show_screen(const char *directory, bool watch)
{
    struct error error = ERROR_INIT;
    if (!ui_run(directory, watch, &error))
        return tell_error(&error);
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, &error);
    int status = state ? exit_status_of(state) : tell_error(&error);
    run_state_free(state);
    free(path);
    return status;
}
