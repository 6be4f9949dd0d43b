@NullMarked
package io.hadal.train.tokenizer;

import org.jspecify.annotations.NullMarked;
