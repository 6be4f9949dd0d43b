/** Comparison of model variants that are trained alike. */
@NullMarked
package io.hadal.train.ablation;

import org.jspecify.annotations.NullMarked;
