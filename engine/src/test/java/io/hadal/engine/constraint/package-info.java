/** Tests of grammars. */
@NullMarked
package io.hadal.engine.constraint;

import org.jspecify.annotations.NullMarked;
