/** Prompt encoding of DeepSeek-V4 and V4.1 and parsing of their completions. */
@NullMarked
package io.hadal.formats.prompt;

import org.jspecify.annotations.NullMarked;
