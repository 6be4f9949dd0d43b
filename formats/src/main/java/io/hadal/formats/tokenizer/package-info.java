/** Text to token ids and back: byte-level BPE as the DeepSeek releases use it. */
@NullMarked
package io.hadal.formats.tokenizer;

import org.jspecify.annotations.NullMarked;
