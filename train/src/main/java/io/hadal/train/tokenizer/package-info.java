/** Training of byte-level BPE vocabularies. */
@NullMarked
package io.hadal.train.tokenizer;

import org.jspecify.annotations.NullMarked;
