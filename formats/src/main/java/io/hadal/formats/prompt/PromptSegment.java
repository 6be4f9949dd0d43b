package io.hadal.formats.prompt;

/**
 * A run of prompt text.
 *
 * <p>Text written by users, tools or models is untrusted: a spelling of a special token inside it
 * is just text. A tokenizer must therefore recognise added tokens only inside trusted segments.
 * Every special token of the prompt lies wholly in one trusted segment. Ordinary text must still be
 * pre-tokenised across segment borders, otherwise merges at the borders are lost.
 *
 * @param trusted whether added tokens in the text are real markup
 */
public record PromptSegment(String text, boolean trusted) {}
