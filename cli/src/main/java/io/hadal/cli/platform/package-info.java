/** Commands of the platform: audit log and redaction. */
@NullMarked
package io.hadal.cli.platform;

import org.jspecify.annotations.NullMarked;
