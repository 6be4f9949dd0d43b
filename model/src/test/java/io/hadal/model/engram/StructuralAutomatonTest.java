package io.hadal.model.engram;

import static io.hadal.model.engram.StructuralFeatures.ARGUMENT;
import static io.hadal.model.engram.StructuralFeatures.BLOCK_HEAD;
import static io.hadal.model.engram.StructuralFeatures.BRACKET;
import static io.hadal.model.engram.StructuralFeatures.DELTA;
import static io.hadal.model.engram.StructuralFeatures.INTRODUCER;
import static io.hadal.model.engram.StructuralFeatures.LAST;
import static io.hadal.model.engram.StructuralFeatures.LEVEL;
import static io.hadal.model.engram.StructuralFeatures.LINE_START;
import static io.hadal.model.engram.StructuralFeatures.MODE;
import static io.hadal.model.engram.StructuralFeatures.NONE;
import static io.hadal.model.engram.StructuralFeatures.OUTER_BLOCK_HEAD;
import static io.hadal.model.engram.StructuralFeatures.PREVIOUS_HEAD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class StructuralAutomatonTest {
  private static final Tokenizer TOKENIZER = Goldens.v3Tokenizer();
  private static final CodeVocabulary VOCABULARY = new CodeVocabulary(TOKENIZER, 129280, "V3");

  private final StructuralAutomaton automaton = automaton(Lexis.UNION);

  @Test
  void pythonBlocks() {
    read("class A:\n    def f(self, x):\n        if x:\n            return");
    assertThat(feature(LEVEL)).isEqualTo(3);
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.INDENT);
    assertThat(feature(LINE_START)).isEqualTo(1);
    assertThat(feature(PREVIOUS_HEAD)).isEqualTo(id("if"));
    assertThat(feature(BLOCK_HEAD)).isEqualTo(id("if"));
    assertThat(feature(OUTER_BLOCK_HEAD)).isEqualTo(id("def"));
    read(" 1\n    y");
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.DEDENT_MORE);
    assertThat(feature(LEVEL)).isEqualTo(1);
    assertThat(feature(BLOCK_HEAD)).isEqualTo(id("class"));
    assertThat(feature(OUTER_BLOCK_HEAD)).isEqualTo(NONE);
    read(" = 1\n    z");
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.SAME);
    assertThat(feature(PREVIOUS_HEAD)).isEqualTo(id("y"));
    read(" = 1\nw");
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.DEDENT);
    assertThat(feature(LEVEL)).isZero();
  }

  /** The brace and the indentation after it are one block. */
  @Test
  void braceBlocks() {
    read("class A {\n  void f() {\n    while (x) {\n      g");
    assertThat(feature(BRACKET)).isEqualTo(3);
    assertThat(feature(BLOCK_HEAD)).isEqualTo(id("while"));
    assertThat(feature(OUTER_BLOCK_HEAD)).isEqualTo(id("void"));
    read("();\n    }\n    return");
    assertThat(feature(BLOCK_HEAD)).isEqualTo(id("void"));
    assertThat(feature(OUTER_BLOCK_HEAD)).isEqualTo(id("class"));
    read(";\n  }\n}\nimport");
    assertThat(feature(BLOCK_HEAD)).isEqualTo(NONE);
    assertThat(feature(BRACKET)).isZero();
    assertThat(feature(LEVEL)).isZero();
  }

  @Test
  void callArguments() {
    read("print(a, [1, 2], b");
    assertThat(feature(BRACKET)).isEqualTo(1);
    assertThat(feature(INTRODUCER)).isEqualTo(id("print"));
    assertThat(feature(ARGUMENT)).isEqualTo(2);
    assertThat(feature(LAST)).isEqualTo(id("b"));
    read(",\n   c");
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.CONTINUATION);
    assertThat(feature(ARGUMENT)).isEqualTo(3);
    read(",d,e,f,g,h,i,j,k");
    assertThat(feature(ARGUMENT)).isEqualTo(7);
    read(")\nx");
    assertThat(feature(BRACKET)).isZero();
    assertThat(feature(PREVIOUS_HEAD)).isEqualTo(id("print"));
    assertThat(feature(DELTA)).isEqualTo(StructuralFeatures.SAME);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "x = 1 // note|LINE_COMMENT",
        "x = 1 # note|LINE_COMMENT",
        "x = 1 / 2|CODE",
        "/* a * b|BLOCK_COMMENT",
        "/* a **/ b|CODE",
        "/*/ b|BLOCK_COMMENT",
        "'a|STRING",
        "'a' + b|CODE",
        "\"a\\\"b|STRING",
        "\"a // b|STRING",
        "\"a\" // b|LINE_COMMENT",
        "x = \"\" + y|CODE",
        "x = \"\"\" a \" b|RAW_STRING",
        "x = \"\"\" a \"\" b|RAW_STRING",
        "x = \"\"\" a \"\"\" b|CODE",
        "x = ''' a \\''' b|RAW_STRING",
        "`a ' b|RAW_STRING",
        "`a` b|CODE",
        "// it's|LINE_COMMENT",
        "\"# {|STRING"
      })
  void lexicalModes(String text, LexicalMode mode) {
    read(text);
    assertThat(feature(MODE)).isEqualTo(mode.ordinal());
    boolean ends = mode != LexicalMode.BLOCK_COMMENT && mode != LexicalMode.RAW_STRING;
    read("\n");
    assertThat(feature(MODE) == LexicalMode.CODE.ordinal()).isEqualTo(ends);
  }

  @Test
  void commentsAndStringsHoldNoStructure() {
    read("f(x) # ({[\n\"({[\" /* ((( */ y");
    assertThat(feature(BRACKET)).isZero();
    assertThat(feature(LAST)).isEqualTo(id("y"));
    read("\n// comment\nz");
    assertThat(feature(PREVIOUS_HEAD)).isEqualTo(id("\"({["));
  }

  @Test
  void lexisOfALanguage() {
    StructuralAutomaton c = automaton(Lexis.ofExtension("C"));
    feed(c, "#include `x");
    assertThat(features(c)[MODE]).isEqualTo(LexicalMode.CODE.ordinal());
    StructuralAutomaton python = automaton(Lexis.ofExtension("py"));
    feed(python, "x = a // b");
    assertThat(features(python)[MODE]).isEqualTo(LexicalMode.CODE.ordinal());
  }

  @Test
  void mismatchedBracketsCloseTheNearestMatch() {
    read("a ( [ {");
    read(" )");
    assertThat(feature(BRACKET)).isZero();
    read(" ) ] }");
    assertThat(feature(BRACKET)).isZero();
    read(" b ( c { ] ");
    assertThat(feature(BRACKET)).isEqualTo(3);
  }

  @Test
  void deepNestingIsBoundedAndBalances() {
    read("f(" + "[".repeat(1000) + "]".repeat(1000));
    assertThat(feature(BRACKET)).isEqualTo(1);
    assertThat(automaton.save().length).isLessThan(StructuralAutomaton.MAX_SAVED);
    read(")");
    assertThat(feature(BRACKET)).isZero();
    StringBuilder stairs = new StringBuilder("\n");
    for (int i = 1; i < 200; i++) {
      stairs.append(" ".repeat(i)).append("x\n");
    }
    read(stairs.toString());
    assertThat(feature(LEVEL)).isEqualTo(StructuralFeatures.MAX_LEVEL);
    assertThat(automaton.save().length).isLessThanOrEqualTo(StructuralAutomaton.MAX_SAVED);
    read("x\n");
    read("y");
    assertThat(feature(LEVEL)).isZero();
  }

  /** Any tokens at all; saving and restoring anywhere changes nothing, looking ahead is no need. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void restoringContinuesAsIfNothingHappened(long seed) {
    Random random = new Random(seed);
    int[] tokens = randomTokens(random, 3000);
    StructuralAutomaton whole = automaton(Lexis.UNION);
    StructuralAutomaton other = automaton(Lexis.UNION);
    List<int[]> checkpoints = new ArrayList<>();
    for (int token : tokens) {
      whole.accept(token);
      int[] expected = features(whole);
      inBounds(expected);
      checkpoints.add(other.save());
      if (random.nextInt(4) == 0) {
        // A draft that is thrown away.
        for (int i = random.nextInt(8); i > 0; i--) {
          other.accept(tokens[random.nextInt(tokens.length)]);
        }
        other.restore(checkpoints.getLast());
      } else if (random.nextInt(4) == 0) {
        StructuralAutomaton fork = automaton(Lexis.UNION);
        fork.restore(checkpoints.getLast());
        fork.accept(token);
        assertThat(features(fork)).containsExactly(expected);
      }
      other.accept(token);
      assertThat(features(other)).containsExactly(expected);
      assertThat(other.save()).containsExactly(whole.save());
    }
  }

  @Test
  void anySavedNumbersAreAcceptedOrRefused() {
    Random random = new Random(12);
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
      StructuralAutomaton a = automaton(Lexis.UNION);
      for (int token : randomTokens(random, 30)) {
        a.accept(token);
      }
      int[] saved = a.save();
      for (int i = random.nextInt(4); i >= 0; i--) {
        saved[random.nextInt(saved.length)] =
            random.nextBoolean() ? random.nextInt() : random.nextInt(-2, 300);
      }
      try {
        a.restore(saved);
        accepted++;
      } catch (IllegalArgumentException e) {
        continue;
      }
      for (int token : randomTokens(random, 30)) {
        a.accept(token);
        inBounds(features(a));
      }
    }
    assertThat(accepted).isPositive();
    assertThatThrownBy(() -> automaton.restore(new int[0]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void timeIsLinear() {
    StringBuilder hostile = new StringBuilder();
    for (int i = 0; i < 300_000; i++) {
      hostile.append("([{)]}\n ".charAt(i * 7 % 8 ^ i >> 3 & 1));
    }
    int[] tokens = TOKENIZER.encode(hostile.toString() + "[".repeat(200_000), false);
    int[] out = new int[StructuralFeatures.COUNT];
    for (int token : tokens) {
      automaton.accept(token);
      automaton.features(out, 0);
    }
    inBounds(out);
  }

  private static void inBounds(int[] f) {
    CodeEngramIndexTest.checkTuples(VOCABULARY, f);
  }

  static int[] randomTokens(Random random, int count) {
    int[] tokens = new int[count];
    int[] code =
        TOKENIZER.encode(
            "( ) [ ] { } , ; : \" ' ` # // /* */ \\ \"\"\" \n \n\n \n    \t if def class x 1 foo(\n",
            true);
    for (int i = 0; i < count; i++) {
      tokens[i] =
          random.nextInt(3) == 0 ? random.nextInt(129280) : code[random.nextInt(code.length)];
    }
    return tokens;
  }

  private static StructuralAutomaton automaton(Lexis lexis) {
    return new StructuralAutomaton(VOCABULARY, lexis);
  }

  private void read(String text) {
    feed(automaton, text);
  }

  private static void feed(StructuralAutomaton automaton, String text) {
    for (int token : TOKENIZER.encode(text, true)) {
      automaton.accept(token);
    }
  }

  private static int[] features(StructuralAutomaton automaton) {
    int[] out = new int[StructuralFeatures.COUNT];
    automaton.features(out, 0);
    return out;
  }

  private int feature(int index) {
    return features(automaton)[index];
  }

  private static int id(String text) {
    int[] tokens = TOKENIZER.encode(text, false);
    return VOCABULARY.canonical(tokens[0]);
  }
}
