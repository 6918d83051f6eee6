/* actions.c: the table of actions. A new action is a file of its own and a row here. */
#include "steps/actions.h"

#include "steps/step.h"

const struct action *const actions[] = {
    &docker_check_action,
    &docker_check_free_action,
    &docker_pull_action,
    &docker_volume_action,
    &docker_run_action,
    &docker_wait_ready_action,
    &docker_stop_action,
    &docker_remove_action,
    &docker_restart_action,
    &docker_logs_action,
    &docker_remove_volume_action,
    &docker_remove_image_action,
    &docker_prune_images_action,
    &compose_check_action,
    &compose_backup_action,
    &compose_edit_action,
    &compose_restore_action,
    &compose_apply_action,
    &compose_verify_action,
    &http_check_action,
    &file_copy_action,
    &file_remove_action,
    &shell_action,
    &manual_action,
    &wait_action,
    NULL,
};
