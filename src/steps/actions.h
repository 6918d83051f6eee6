/* actions.h: one row for each action; its file says what it does. */
#ifndef STEPS_ACTIONS_H
#define STEPS_ACTIONS_H

#include "runbook/action.h"

extern const struct action docker_check_action;
extern const struct action docker_check_free_action;
extern const struct action docker_pull_action;
extern const struct action docker_volume_action;
extern const struct action docker_run_action;
extern const struct action docker_wait_ready_action;
extern const struct action docker_stop_action;
extern const struct action docker_remove_action;
extern const struct action docker_restart_action;
extern const struct action docker_move_action;
extern const struct action docker_logs_action;
extern const struct action docker_remove_volume_action;
extern const struct action docker_remove_image_action;
extern const struct action docker_prune_images_action;
extern const struct action docker_check_move_action;
extern const struct action docker_park_action;
extern const struct action docker_retire_action;
extern const struct action pg_inventory_action;
extern const struct action pg_check_image_action;
extern const struct action pg_check_server_action;
extern const struct action pg_check_settings_action;
extern const struct action pg_check_login_action;
extern const struct action pg_backup_action;
extern const struct action pg_check_backup_action;
extern const struct action pg_restore_action;
extern const struct action pg_analyze_action;
extern const struct action pg_compare_action;
extern const struct action pg_compare_settings_action;
extern const struct action pg_drift_action;
extern const struct action pg_catch_up_action;
extern const struct action pg_written_action;
extern const struct action pg_save_written_action;
extern const struct action pg_compare_objects_action;
extern const struct action pg_vector_check_action;
extern const struct action pg_fence_action;
extern const struct action pg_unfence_action;
extern const struct action pg_sql_action;
extern const struct action compose_check_action;
extern const struct action compose_backup_action;
extern const struct action compose_remove_backup_action;
extern const struct action compose_edit_action;
extern const struct action compose_restore_action;
extern const struct action compose_apply_action;
extern const struct action compose_verify_action;
extern const struct action compose_add_service_action;
extern const struct action compose_remove_service_action;
extern const struct action compose_depend_on_action;
extern const struct action compose_set_image_action;
extern const struct action compose_deploy_action;
extern const struct action compose_stop_action;
extern const struct action compose_start_action;
extern const struct action compose_down_action;
extern const struct action compose_list_volumes_action;
extern const struct action env_check_action;
extern const struct action env_set_action;
extern const struct action env_rename_action;
extern const struct action env_detach_action;
extern const struct action env_attach_action;
extern const struct action env_remove_action;
extern const struct action pg_check_sessions_action;
extern const struct action pg_compare_backup_action;
extern const struct action http_check_action;
extern const struct action http_get_action;
extern const struct action http_request_action;
extern const struct action http_upload_action;
extern const struct action file_copy_action;
extern const struct action file_remove_action;
extern const struct action shell_action;
extern const struct action manual_action;
extern const struct action price_unknown_action;
extern const struct action wait_action;

#endif
