/** The {@code hadal} command: subcommands, exit codes, terminal output. */
@NullMarked
package io.hadal.cli;

import org.jspecify.annotations.NullMarked;
