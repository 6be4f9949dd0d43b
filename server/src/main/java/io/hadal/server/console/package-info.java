/** The web console: static files that use the administration's API and nothing else. */
@NullMarked
package io.hadal.server.console;

import org.jspecify.annotations.NullMarked;
