package io.hadal.formats.prompt;

/** Spellings of the added tokens used in prompts (deepseek-v4.md 9.2, deepseek-v4.1.md 8). */
public final class SpecialTokens {
  public static final String BOS = "<｜begin▁of▁sentence｜>";
  public static final String EOS = "<｜end▁of▁sentence｜>";
  public static final String SYSTEM = "<｜System｜>";
  public static final String USER = "<｜User｜>";
  public static final String ASSISTANT = "<｜Assistant｜>";
  public static final String LATEST_REMINDER = "<｜latest_reminder｜>";
  public static final String THINK = "<think>";
  public static final String THINK_END = "</think>";
  public static final String DSML = "｜DSML｜";
  public static final String IMAGE = "<｜deepseek_image｜>";
  public static final String ACTION = "<｜action｜>";
  public static final String FIM_BEGIN = "<｜fim▁begin｜>";
  public static final String FIM_HOLE = "<｜fim▁hole｜>";
  public static final String FIM_END = "<｜fim▁end｜>";

  private SpecialTokens() {}
}
