/* SPDX-License-Identifier: ISC */
/* db_val: what callers may see of a reply; part of db. */
#include "db.h"
#include "reply.h"

enum db_type
db_type(const struct db_val *v)
{
	switch (v->r.type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		return DB_STR;
	case REDIS_REPLY_INTEGER:
		return DB_INT;
	case REDIS_REPLY_ARRAY:
		return DB_ARRAY;
	case REDIS_REPLY_ERROR:
		return DB_ERROR;
	default:
		return DB_NIL;
	}
}

struct span
db_str(const struct db_val *v)
{
	if (db_type(v) != DB_STR)
		return SPAN_LIT("");
	return (struct span){v->r.str, v->r.len};
}

int64_t
db_int(const struct db_val *v)
{
	return db_type(v) == DB_INT ? v->r.integer : 0;
}

size_t
db_len(const struct db_val *v)
{
	return db_type(v) == DB_ARRAY ? v->r.elements : 0;
}

const struct db_val *
db_at(const struct db_val *v, size_t i)
{
	static const struct db_val nil = {.r = {.type = REDIS_REPLY_NIL}};

	return i < db_len(v) ? reply_val(v->r.element[i]) : &nil;
}
