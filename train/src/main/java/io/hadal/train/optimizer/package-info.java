/** Updates of parameters from gradients. */
@NullMarked
package io.hadal.train.optimizer;

import org.jspecify.annotations.NullMarked;
