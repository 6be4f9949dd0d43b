package io.hadal.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrammarTest {
  private static final String ARITHMETIC =
      """
      # the usual example
      root  ::= (expr "=" ws term "\\n")+
      expr  ::= term ([-+*/] term)*
      term  ::= ident | num | "(" ws expr ")" ws
      ident ::= [a-z] [a-z0-9_]* ws
      num   ::= [0-9]+ ws
      ws    ::= [ \\t\\n]*
      """;

  private static Grammar gbnf(String text) {
    GrammarBuilder builder = new GrammarBuilder();
    return builder.build(Gbnf.read(text, builder), Vocabularies.SMALL);
  }

  @ParameterizedTest
  @CsvSource({
    "'a+b=c\n', true",
    "'((a)+(b*(2)))= 7\n', true",
    "'((a)+(b*(2))= 7\n', false",
    "'a+=c\n', false",
    "'', false"
  })
  void arithmetic(String text, boolean fits) {
    assertThat(Vocabularies.matches(gbnf(ARITHMETIC), text)).isEqualTo(fits);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "root ::= 'a'{2,3} | [^a-y\\u00e9]+; aa; true",
        "root ::= 'a'{2,3} | [^a-y\\u00e9]+; aaaa; false",
        "root ::= 'a'{2,} x? x ::= ''; aaaa; true",
        "root ::= [^a-y\\u00e9]+; zz日Z; true",
        "root ::= [^a-y\\u00e9]+; zé; false",
        "root ::= . . '\\x41'; 日𝄞A; true",
        "root ::= '(' root ')' | ''; ((())); true",
        "root ::= '(' root ')' | ''; ((()); false",
        "root ::= n n 'a' | n 'b' n ::= | 'x'; xxa; true",
        "root ::= n n 'a' | n 'b' n ::= | 'x'; b; true",
        "root ::= n n 'a' | n 'b' n ::= | 'x'; xxb; false",
        "root ::= 'a' # end | 'b'; a; true"
      })
  void notation(String grammar, String text, boolean fits) {
    String lines = grammar.replace('\'', '"').replaceAll(" (\\w+) ::=", "\n$1 ::=");
    assertThat(Vocabularies.matches(gbnf(lines), text)).isEqualTo(fits);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= root \"a\" | \"b\"",
        "root ::= e root \"a\" | \"b\"\ne ::= \"\" | \"x\"",
        "root ::= a\na ::= b\nb ::= a | \"x\"",
        "root ::= missing",
        "start ::= \"a\"",
        "root ::= \"a",
        "root ::= [a",
        "root ::= (\"a\"",
        "root ::= \"a\"{3,1}",
        "root ::= \"a\"{99999999}",
        "root ::= \"a\" root",
        "root ::= [b-a]",
        "root = \"a\"",
        "root ::= \"a\"\nroot ::= \"b\"",
        ""
      })
  void unusableGrammarsAreRefused(String text) {
    assertThatThrownBy(() -> gbnf(text)).isInstanceOf(GrammarException.class);
  }

  @Test
  void messagesNameTheLine() {
    assertThatThrownBy(() -> gbnf("root ::= \"a\"\n\nb ::= ]")).hasMessageContaining("line 3");
  }

  /** Doubly ambiguous at every step: 2^n readings of n letters. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= \"x\" root \"y\" | \"x\" root \"z\" | \"\"",
        "root ::= a* \"!\"\na ::= \"x\" | \"x\" | \"xx\" | \"y\" | \"z\"",
        "root ::= \"x\" root root | \"y\" | \"\" | \"z\"",
        "root ::= (((\"x\"*)*)*)* \"y\"* \"z\"*"
      })
  void ambiguityCostsLittle(String text) {
    Grammar grammar = gbnf(text);
    String word = "x".repeat(200) + "y".repeat(100) + "z".repeat(100);
    boolean fits =
        Assertions.assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> Vocabularies.matches(grammar, word));
    assertThat(fits).isEqualTo(!text.contains("!"));
  }

  @Test
  void rightRecursionNeedsNoStack() {
    Grammar grammar = gbnf("root ::= [a-z] root | \".\"");
    TokenConstraint text = grammar.begin();
    for (int i = 0; i < 100_000; i++) {
      text.accept('a');
    }
    text.accept('.');
    assertThat(text.finished()).isTrue();
  }

  @Test
  void deepNestingNeedsNoRecursion() {
    Grammar grammar = gbnf("root ::= \"[\" root \"]\" | \"\"");
    TokenConstraint text = grammar.begin();
    for (int i = 0; i < 50_000; i++) {
      text.accept('[');
    }
    for (int i = 0; i < 50_000; i++) {
      assertThat(text.mayEnd()).isEqualTo(false);
      text.accept(']');
    }
    assertThat(text.finished()).isTrue();
  }

  @Test
  void hostileRepetitionIsRefused() {
    assertThatThrownBy(() -> gbnf("root ::= ((((\"a\"{9000}){9000}){9000}){9000}){9000}"))
        .isInstanceOf(GrammarException.class);
    assertThatThrownBy(() -> gbnf("root ::= " + "(".repeat(5000) + "\"a\"" + ")".repeat(5000)))
        .isInstanceOf(GrammarException.class);
  }

  @Test
  void specialTokensOnlyWhereTheGrammarNamesThem() {
    GrammarBuilder builder = new GrammarBuilder();
    Grammar grammar =
        builder.build(
            Expression.sequence(
                Expression.literal("<"),
                new Expression.Token(Vocabularies.SPECIAL),
                new Expression.Repeat(new Expression.Characters(CharacterSet.ALL), 0, -1)),
            Vocabularies.SMALL);
    TokenConstraint text = grammar.begin();
    assertThat(text.allowed().stream()).containsExactly((int) '<');
    text.accept('<');
    assertThat(text.allowed().stream()).containsExactly(Vocabularies.SPECIAL);
    TokenConstraint other = text.fork();
    text.accept(Vocabularies.SPECIAL);
    assertThat(text.allowed().get(Vocabularies.SPECIAL)).isFalse();
    assertThat(text.mayEnd()).isTrue();
    assertThat(other.mayEnd()).isFalse();
    assertThatThrownBy(() -> other.accept('a')).isInstanceOf(IllegalArgumentException.class);
  }

  /** Every sequence of bytes that is a character, and no other. */
  @Test
  void charactersAreValidUtf8() {
    GrammarBuilder builder = new GrammarBuilder();
    Expression notBar = new Expression.Characters(CharacterSet.of("｜").complement());
    Grammar grammar = builder.build(notBar, Vocabularies.SMALL);
    for (int c :
        new int[] {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF}) {
      assertThat(Vocabularies.matches(grammar, Character.toString(c))).as("%x", c).isTrue();
    }
    byte[][] wrong = {
      {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
      {(byte) 0xED, (byte) 0xBF, (byte) 0xBF},
      {(byte) 0xC0, (byte) 0x80},
      {(byte) 0xE0, (byte) 0x80, (byte) 0x80},
      {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
      {(byte) 0xEF, (byte) 0xBD, (byte) 0x9C},
      {(byte) 0x80}
    };
    for (byte[] bytes : wrong) {
      assertThat(grammar.contains(bytes)).isFalse();
    }
  }

  /** What the mask says is what accepting says, for every token, along random texts. */
  @Test
  void masksAreThoseOfTheTokensOneByOne() {
    Random random = new Random(3);
    GrammarBuilder builder = new GrammarBuilder();
    Grammar grammar = builder.build(new JsonGrammar(builder, null).object(), Vocabularies.SMALL);
    for (int round = 0; round < 5; round++) {
      TokenConstraint text = grammar.begin();
      for (int step = 0; step < 60 && !text.finished(); step++) {
        BitSet allowed = text.allowed();
        for (int id = 0; id < Vocabularies.SMALL.size(); id++) {
          assertThat(takes(text, id)).as("token %d", id).isEqualTo(allowed.get(id));
        }
        int[] ids = allowed.stream().toArray();
        assertThat(ids.length > 0 || text.mayEnd()).isTrue();
        text.accept(ids[random.nextInt(ids.length)]);
      }
    }
  }

  private static boolean takes(TokenConstraint text, int id) {
    try {
      text.fork().accept(id);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Where a byte has no token of its own, texts that would need it never begin. */
  @Test
  void bytesWithoutTokensLeadNowhere() {
    byte[][] bytes = {
      "a".getBytes(StandardCharsets.UTF_8),
      "b".getBytes(StandardCharsets.UTF_8),
      "ac".getBytes(StandardCharsets.UTF_8)
    };
    GrammarBuilder builder = new GrammarBuilder();
    Grammar grammar =
        builder.build(Gbnf.read("root ::= \"ac\" | \"ab\"", builder), new TokenVocabulary(bytes));
    TokenConstraint text = grammar.begin();
    assertThat(text.allowed().stream()).containsExactly(0);
    text.accept(0);
    assertThat(text.allowed().stream()).containsExactly(1);
  }

  @Test
  void aTextMayBeThereAlready() {
    Grammar grammar = gbnf("root ::= \"abc\" | \"abd\"");
    TokenConstraint text = grammar.beginBehind("ab".getBytes(StandardCharsets.UTF_8));
    assertThat(Objects.requireNonNull(text).allowed().stream())
        .containsExactly((int) 'c', (int) 'd');
    assertThat(grammar.beginBehind("b".getBytes(StandardCharsets.UTF_8))).isNull();
  }
}
