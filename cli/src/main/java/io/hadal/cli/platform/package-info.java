/** Commands that administer the platform without a server. */
@NullMarked
package io.hadal.cli.platform;

import org.jspecify.annotations.NullMarked;
