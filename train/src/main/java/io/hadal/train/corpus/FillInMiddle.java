package io.hadal.train.corpus;

import io.hadal.formats.prompt.SpecialTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Rearranges a text so that its middle is learnt from what is around it (Bavarian et al. 2022),
 * spans being cut between characters.
 *
 * <p>PSM, the form of the fill-in prompt: {@code begin prefix hole suffix end middle}. SPM: the
 * suffix first and the prefix right before the middle, {@code begin hole suffix end prefix middle};
 * that is the PSM form with an empty prefix, so both can be asked of one model.
 */
final class FillInMiddle {
  private static final int SHORT = 80;

  private FillInMiddle() {}

  /** A part of a rearranged document: text, or the text of an added token. */
  record Part(String text, boolean token) {
    static Part token(String token) {
      return new Part(token, true);
    }

    static Part text(String text) {
      return new Part(text, false);
    }
  }

  /**
   * Cuts a text into two places, each between any two characters or at an end.
   *
   * @param spmShare probability of the SPM form
   * @param shortShare probability of a hole of at most {@value #SHORT} characters
   */
  static List<Part> transform(
      String text, double spmShare, double shortShare, SplittableRandom random) {
    int first = cut(text, random);
    // No number is drawn for a share of 0, so that older encodings come out as they were.
    boolean small = shortShare > 0 && random.nextDouble() < shortShare;
    int second = small ? near(text, first, random) : cut(text, random);
    int from = Math.min(first, second);
    int to = Math.max(first, second);
    String prefix = text.substring(0, from);
    String middle = text.substring(from, to);
    String suffix = text.substring(to);
    Part begin = Part.token(SpecialTokens.FIM_BEGIN);
    Part hole = Part.token(SpecialTokens.FIM_HOLE);
    Part end = Part.token(SpecialTokens.FIM_END);
    if (random.nextDouble() < spmShare) {
      // One text: no token boundary between prefix and middle betrays where the hole was.
      return List.of(begin, hole, Part.text(suffix), end, Part.text(prefix + middle));
    }
    return List.of(begin, Part.text(prefix), hole, Part.text(suffix), end, Part.text(middle));
  }

  private static int near(String text, int first, SplittableRandom random) {
    return whole(text, Math.min(text.length(), first + random.nextInt(SHORT + 1)));
  }

  private static int cut(String text, SplittableRandom random) {
    return whole(text, random.nextInt(text.length() + 1));
  }

  /** A place that does not part a surrogate pair. */
  private static int whole(String text, int at) {
    boolean insidePair =
        at > 0
            && at < text.length()
            && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
    return insidePair ? at - 1 : at;
  }

  /**
   * Cuts a text at ends of lines into pieces of about {@code length} characters, never less than
   * one line.
   */
  static List<String> windows(String text, int length) {
    ArrayList<String> windows = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = Math.min(text.length(), start + length);
      if (end < text.length()) {
        int feed = text.lastIndexOf('\n', end - 1);
        if (feed < start) {
          feed = text.indexOf('\n', end - 1);
        }
        end = feed < 0 ? text.length() : feed + 1;
      }
      windows.add(text.substring(start, end));
      start = end;
    }
    return windows;
  }
}
