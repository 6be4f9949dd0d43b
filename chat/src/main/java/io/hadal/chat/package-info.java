/** Turns: from a conversation to tokens and from tokens to events, in no dialect. */
@NullMarked
package io.hadal.chat;

import org.jspecify.annotations.NullMarked;
