package io.hadal.platform.compare;

import java.util.Locale;
import java.util.regex.Pattern;

/** The words with which models decline. */
final class Refusals {
  private static final Pattern WORDS =
      Pattern.compile(
          "^\\W{0,4}(i['’]?m |i am )?(very |really |so )?(sorry|apologi[sz]e|afraid)\\b.{0,60}"
              + "\\b(can['’]?t|cannot|can not|unable|not able|won['’]?t|not comfortable)\\b"
              + "|^\\W{0,4}(unfortunately,? )?(as an ai\\b.{0,60})?i (can['’]?t|cannot|can not|won['’]?t|"
              + "am unable to|am not able to|must decline|have to decline) (to )?(help|assist|"
              + "provide|comply|fulfil|continue|do that|answer|engage|support|create|generate)"
              + "|^\\W{0,4}(很?抱歉|对不起|不好意思)[,， ]?.{0,12}(无法|不能|没法)"
              + "|^\\W{0,4}我(无法|不能)(提供|协助|帮助|满足|回答)",
          Pattern.DOTALL);

  private Refusals() {}

  /** Whether a text begins like one that declines. */
  static boolean of(String beginning) {
    return WORDS.matcher(beginning.toLowerCase(Locale.ROOT)).find();
  }
}
