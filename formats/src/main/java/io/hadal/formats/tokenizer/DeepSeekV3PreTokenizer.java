package io.hadal.formats.tokenizer;

import static io.hadal.formats.tokenizer.CharacterClass.CJK;
import static io.hadal.formats.tokenizer.CharacterClass.LETTER_OR_MARK;
import static io.hadal.formats.tokenizer.CharacterClass.NEWLINE;
import static io.hadal.formats.tokenizer.CharacterClass.NUMBER;
import static io.hadal.formats.tokenizer.CharacterClass.OTHER;
import static io.hadal.formats.tokenizer.CharacterClass.PUNCTUATION_OR_SYMBOL;
import static io.hadal.formats.tokenizer.CharacterClass.SPACE;

import java.util.List;

/**
 * Pre-tokeniser of V3, R1, V3.1, V3.2, V4 and V4.1 (spec section 9.1), as one forward scan.
 *
 * <p>The three split stages need no separate passes: numbers (stage 1) and Han/kana (stage 2) have
 * classes of their own, so a run of any other class ends where an earlier stage would have cut, and
 * the rules of stage 3 never see past such a cut.
 */
final class DeepSeekV3PreTokenizer implements PreTokenizer {
  /** The split expressions of tokenizer.json this class stands for. */
  static final List<String> STAGES =
      List.of(
          "\\p{N}{1,3}",
          "[一-龥\u3040-ゟ゠-ヿ]+",
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
              + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
              + "| ?[\\p{P}\\p{S}]+[\\r\\n]*"
              + "|\\s*[\\r\\n]+"
              + "|\\s+(?!\\S)"
              + "|\\s+");

  private static final int DIGITS = 3;

  @Override
  public List<String> stages() {
    return STAGES;
  }

  @Override
  public int pieceEnd(char[] text, int start, int end) {
    int c = CharacterClass.at(text, start, end);
    int stage = c & CJK;
    return switch (c & ~CJK) {
      case NUMBER -> numberEnd(text, start, end);
      case LETTER_OR_MARK -> CharacterClass.runEnd(text, start, end, c);
      case PUNCTUATION_OR_SYMBOL -> {
        if (text[start] < 0x80 && start + 1 < end && isAsciiLetter(text[start + 1])) {
          int i = start + 2;
          while (i < end && isAsciiLetter(text[i])) {
            i++;
          }
          yield i;
        }
        yield punctuationEnd(text, start, end, stage);
      }
      case SPACE -> {
        if (start + 1 < end) {
          int next = CharacterClass.at(text, start + 1, end);
          if (next == LETTER_OR_MARK) {
            yield CharacterClass.runEnd(text, start + 1, end, LETTER_OR_MARK);
          }
          if (next == PUNCTUATION_OR_SYMBOL && text[start] == ' ') {
            yield punctuationEnd(text, start + 1, end, 0);
          }
        }
        yield whiteSpaceEnd(text, start, end);
      }
      case NEWLINE -> whiteSpaceEnd(text, start, end);
      default -> otherEnd(text, start, end, stage);
    };
  }

  private static int numberEnd(char[] text, int start, int end) {
    int i = start;
    for (int n = 0; n < DIGITS && i < end && CharacterClass.at(text, i, end) == NUMBER; n++) {
      i += CharacterClass.width(text, i, end);
    }
    return i;
  }

  private static int punctuationEnd(char[] text, int start, int end, int stage) {
    int i = CharacterClass.runEnd(text, start, end, PUNCTUATION_OR_SYMBOL | stage);
    return stage == 0 ? CharacterClass.runEnd(text, i, end, NEWLINE) : i;
  }

  /** White space: up to its last CR or LF, else all but the last space before a non-space. */
  private static int whiteSpaceEnd(char[] text, int start, int end) {
    int i = start;
    int afterNewline = -1;
    int c = SPACE;
    for (; i < end; i++) {
      c = CharacterClass.at(text, i, end);
      if (c == NEWLINE) {
        afterNewline = i + 1;
      } else if (c != SPACE) {
        break;
      }
    }
    if (afterNewline >= 0) {
      return afterNewline;
    }
    boolean beforeNonSpace = i < end && c != NUMBER && c < CJK;
    return beforeNonSpace && i - start > 1 ? i - 1 : i;
  }

  /** Characters no rule takes form one piece; the last of them joins letters that follow. */
  private static int otherEnd(char[] text, int start, int end, int stage) {
    int i = start;
    do {
      int next = i + CharacterClass.width(text, i, end);
      if (next < end && CharacterClass.at(text, next, end) == (LETTER_OR_MARK | stage)) {
        return i == start ? CharacterClass.runEnd(text, next, end, LETTER_OR_MARK | stage) : i;
      }
      i = next;
    } while (i < end && CharacterClass.at(text, i, end) == (OTHER | stage));
    return i;
  }

  private static boolean isAsciiLetter(char c) {
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'z';
  }
}
