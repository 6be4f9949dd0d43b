/** Tests of the HTTP layer. */
@NullMarked
package io.hadal.server.http;

import org.jspecify.annotations.NullMarked;
