/* manual.c: manual: an instruction that the operator carries out. The step's gate asks for the
 * confirmation; this puts on record what it was for. An undo has no gate, so nobody is asked. */
#include "steps/actions.h"
#include "steps/step.h"

static bool run_manual(struct step_run *run, struct error *error)
{
    (void)error;
    step_log(run, "%s", step_text(run, "text"));
    if (run->undoing)
        step_check(run, "by hand", VERDICT_WARN, "to be done, nobody was asked whether it is: %s",
                   step_text(run, "text"));
    else
        step_check(run, "by hand", VERDICT_PASS, "carried out by the operator: %s",
                   step_text(run, "text"));
    return true;
}

static const struct argument arguments[] = {
    {"text", ARGUMENT_TEXT, true, NULL, NULL, "what the operator has to do"},
    {0},
};

const struct action manual_action = {
    .name = "manual",
    .danger = DANGER_CHANGE,
    .help = "an instruction that the operator carries out and confirms at its gate; in an undo it "
            "is said, and nobody is asked",
    .arguments = arguments,
    .run = run_manual,
};
