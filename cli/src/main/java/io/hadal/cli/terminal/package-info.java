/** What all commands share with their caller: exit codes, progress and text that is read. */
@NullMarked
package io.hadal.cli.terminal;

import org.jspecify.annotations.NullMarked;
