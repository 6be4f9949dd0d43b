@NullMarked
package io.hadal.train.finetune;

import org.jspecify.annotations.NullMarked;
