/** Constraints on what may be generated: grammars over the bytes of tokens. */
@NullMarked
package io.hadal.engine.constraint;

import org.jspecify.annotations.NullMarked;
