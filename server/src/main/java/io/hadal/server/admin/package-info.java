/** Administration over HTTP, which the console uses, too: {@code /admin/v1}. */
@NullMarked
package io.hadal.server.admin;

import org.jspecify.annotations.NullMarked;
