/** What answers of models are like, without keeping them, and how two versions compare. */
@NullMarked
package io.hadal.platform.compare;

import org.jspecify.annotations.NullMarked;
