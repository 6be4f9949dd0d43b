package io.hadal.train.evaluation;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The class of each byte of a source text. A lexer for the lexical family of C, Java and Python:
 * broken text is classified somehow and never refused.
 */
final class SourceClasses {
  private static final Set<String> KEYWORDS =
      Set.of(
          ("abstract as assert async await boolean break byte case catch char class const continue"
                  + " debugger def default del delete do double elif else enum except export extends"
                  + " False false final finally float for from function global goto if implements"
                  + " import in instanceof int interface is lambda let long native new None nonlocal"
                  + " not null or and package pass private protected public raise record return"
                  + " sealed permits short static strictfp super switch synchronized this throw"
                  + " throws transient True true try typeof undefined var void volatile while with"
                  + " yield")
              .split(" "));

  private final byte[] text;
  private final boolean hashComments;
  private final TokenClass[] classes;
  private final Set<String> names = new HashSet<>();

  private SourceClasses(byte[] text, boolean hashComments) {
    this.text = text;
    this.hashComments = hashComments;
    this.classes = new TokenClass[text.length];
  }

  /**
   * Classes by byte.
   *
   * @param utf8 the text
   * @param hashComments whether {@code #} begins a comment
   */
  static TokenClass[] of(byte[] utf8, boolean hashComments) {
    SourceClasses c = new SourceClasses(utf8, hashComments);
    c.run();
    return c.classes;
  }

  private void run() {
    int i = 0;
    boolean lineStart = true;
    while (i < text.length) {
      int c = text[i];
      int end;
      TokenClass kind;
      if (c == '\n' || c == '\r' || c == ' ' || c == '\t') {
        end = i + 1;
        lineStart |= c == '\n';
        kind = lineStart ? TokenClass.INDENTATION : TokenClass.BLANK;
      } else {
        lineStart = false;
        if (comment(i)) {
          end = commentEnd(i);
          kind = TokenClass.COMMENT;
        } else if (c == '"' || c == '\'' || c == '`') {
          end = stringEnd(i);
          kind = TokenClass.LITERAL;
        } else if (c >= '0' && c <= '9') {
          end = wordEnd(i);
          kind = TokenClass.LITERAL;
        } else if (word(c)) {
          end = wordEnd(i);
          kind = name(new String(text, i, end - i, StandardCharsets.UTF_8));
        } else {
          end = i + 1;
          kind = "()[]{}".indexOf(c) >= 0 ? TokenClass.BRACKET : TokenClass.OPERATOR;
        }
      }
      Arrays.fill(classes, i, end, kind);
      i = end;
    }
  }

  private TokenClass name(String word) {
    if (KEYWORDS.contains(word)) {
      return TokenClass.KEYWORD;
    }
    return names.add(word) ? TokenClass.NEW_NAME : TokenClass.KNOWN_NAME;
  }

  private boolean at(int i, String what) {
    for (int k = 0; k < what.length(); k++) {
      if (i + k >= text.length || text[i + k] != what.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  private boolean comment(int i) {
    return hashComments ? text[i] == '#' : at(i, "//") || at(i, "/*");
  }

  private int commentEnd(int i) {
    if (!at(i, "/*")) {
      return find(i, "\n");
    }
    int end = find(i + 2, "*/");
    return Math.min(text.length, end + 2);
  }

  private int stringEnd(int i) {
    char quote = (char) text[i];
    String three = String.valueOf(quote).repeat(3);
    if (quote != '`' && at(i, three)) {
      return Math.min(text.length, find(i + 3, three) + 3);
    }
    for (int k = i + 1; k < text.length; k++) {
      if (text[k] == '\\') {
        k++;
      } else if (text[k] == quote) {
        return k + 1;
      } else if (text[k] == '\n' && quote != '`') {
        return k;
      }
    }
    return text.length;
  }

  private int find(int from, String what) {
    int i = Math.min(from, text.length);
    while (i < text.length && !at(i, what)) {
      i++;
    }
    return i;
  }

  private static boolean word(int c) {
    return c < 0 || c == '_' || c == '$' || c == '@' || Character.isLetterOrDigit(c);
  }

  private int wordEnd(int i) {
    int end = i + 1;
    while (end < text.length && word(text[end]) && text[end] != '@') {
      end++;
    }
    return end;
  }
}
