/** Reading and editing of request bodies without writing them anew. */
@NullMarked
package io.hadal.server.routing.body;

import org.jspecify.annotations.NullMarked;
