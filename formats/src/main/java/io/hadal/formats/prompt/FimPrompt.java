package io.hadal.formats.prompt;

/** Fill-in-the-middle prompt (deepseek-v4.md 9.2): the model writes what belongs in the hole. */
public final class FimPrompt {
  private FimPrompt() {}

  /** Renders prefix and suffix around a hole; both are untrusted text. */
  public static EncodedPrompt encode(String prefix, String suffix, boolean addBos) {
    return new PromptWriter()
        .markup(addBos ? SpecialTokens.BOS : "")
        .markup(SpecialTokens.FIM_BEGIN)
        .text(prefix)
        .markup(SpecialTokens.FIM_HOLE)
        .text(suffix)
        .markup(SpecialTokens.FIM_END)
        .finish();
  }

  /**
   * As {@link #encode}, with the suffix first: what is written then follows the prefix directly,
   * which small models find easier. Only for models trained with this order too.
   */
  public static EncodedPrompt suffixFirst(String prefix, String suffix, boolean addBos) {
    return new PromptWriter()
        .markup(addBos ? SpecialTokens.BOS : "")
        .markup(SpecialTokens.FIM_BEGIN)
        .markup(SpecialTokens.FIM_HOLE)
        .text(suffix)
        .markup(SpecialTokens.FIM_END)
        .text(prefix)
        .finish();
  }
}
