/** Commands that administer the platform where its data is, without a running server. */
@NullMarked
package io.hadal.cli.platform;

import org.jspecify.annotations.NullMarked;
