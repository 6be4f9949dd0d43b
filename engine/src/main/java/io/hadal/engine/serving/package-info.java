/** Serving: many requests on one engine. */
@NullMarked
package io.hadal.engine.serving;

import org.jspecify.annotations.NullMarked;
