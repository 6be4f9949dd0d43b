/** Further training of a model on a user's own text. */
@NullMarked
package io.hadal.train.finetune;

import org.jspecify.annotations.NullMarked;
