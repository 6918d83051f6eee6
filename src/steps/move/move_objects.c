/* move_objects.c: what the server that comes holds besides rows is put on record before its first
 * client, so that a way back can tell what was made on it since. */
#include "steps/move/move.h"

#include "postgres/catalog.h"
#include "steps/parity/objects_parity.h"

static bool record_database(const struct move *move, struct objects_record *record,
                            const char *database, struct error *error)
{
    struct pg_connection *connection = server_open_database(&move->there, database, error);
    bool recorded = connection && objects_record_snapshot(record, connection, error);
    pg_close(connection);
    return recorded;
}

bool move_record_objects(struct move *move, struct error *error)
{
    struct pg_database_list databases = {0};
    if (move->run->undoing)
        return true;
    struct objects_record *record =
        objects_record_begin(move->run, FACT_OBJECTS_SWITCHED, move->there.name);
    bool recorded = objects_record_cluster(record, move->coming, error) &&
                    catalog_databases(move->coming, &databases, error);
    for (size_t i = 0; recorded && i < databases.count; i++)
        if (databases.items[i].connectable)
            recorded = record_database(move, record, databases.items[i].name, error);
    recorded = recorded && objects_record_finish(record, error);
    objects_record_free(record);
    pg_database_list_free(&databases);
    return recorded ||
           error_wrap(error, "recording what server \"%s\" holds besides rows", move->there.name);
}
