/** The database below the platform: SQLite in the process, or PostgreSQL. */
@NullMarked
package io.hadal.platform.db;

import org.jspecify.annotations.NullMarked;
