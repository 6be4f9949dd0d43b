package io.hadal.platform.redaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RedactionTest {
  private static final String TEXT =
      "Ada (ada@example.org, 415-555-2671) paid with 4111 1111 1111 1111.";

  @Test
  void modes() {
    Redactor redactor = Redactor.standard();
    assertThat(redactor.begin(RedactionMode.OFF).apply(TEXT)).isEqualTo(TEXT);
    Redaction detect = redactor.begin(RedactionMode.of("detect"));
    assertThat(detect.apply(TEXT)).isEqualTo(TEXT);
    assertThat(detect.counts()).hasToString("{CARD=1, EMAIL=1, PHONE=1}");
    assertThat(redactor.begin(RedactionMode.MASK).apply(TEXT))
        .isEqualTo("Ada ([EMAIL], [PHONE]) paid with [CARD].");
    assertThat(redactor.begin(RedactionMode.PSEUDONYMISE).apply(TEXT))
        .isEqualTo("Ada (<EMAIL_1>, <PHONE_1>) paid with <CARD_1>.");
    assertThatThrownBy(() -> redactor.begin(RedactionMode.BLOCK).apply(TEXT))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("CARD, EMAIL, PHONE")
        .hasMessageNotContaining("ada@");
    assertThat(redactor.begin(RedactionMode.BLOCK).apply("nothing here")).isEqualTo("nothing here");
    assertThatThrownBy(() -> RedactionMode.of("some")).isInstanceOf(FormatException.class);
  }

  @Test
  void placeholdersOfTheTextItselfAreNotTaken() {
    Redaction redaction = Redactor.standard().begin(RedactionMode.PSEUDONYMISE);
    assertThat(redaction.apply("<EMAIL_1> is not ada@example.org"))
        .isEqualTo("<EMAIL_1> is not <EMAIL_2>");
    assertThat(redaction.restorer().feed("<EMAIL_1> <EMAIL_2>"))
        .isEqualTo("<EMAIL_1> ada@example.org");
  }

  @Test
  void overlappingPlacesBecomeOne() {
    Redactor redactor =
        new Redactor(
            List.of(new PatternDetector("LONG", "bcdef"), new PatternDetector("SHORT", "abc")));
    assertThat(redactor.begin(RedactionMode.MASK).apply("xabcdefx")).isEqualTo("x[LONG]x");
    assertThat(redactor.kinds()).containsExactly("LONG", "SHORT");
  }

  @Test
  void privateKeysAreTakenWhole() {
    String pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";
    Redactor redactor = Redactor.standard();
    assertThat(redactor.begin(RedactionMode.MASK).apply("a\n" + pem + "\nb"))
        .isEqualTo("a\n[SECRET]\nb");
    assertThat(redactor.begin(RedactionMode.MASK).apply(pem.substring(0, 60)))
        .isEqualTo("[SECRET]");
    assertThat(Redactor.standard().begin(RedactionMode.MASK).apply("写给用户@例子.公司，或li@example.org谢谢"))
        .isEqualTo("[EMAIL]，或[EMAIL]谢谢");
    assertThat(SecretDetector.INSTANCE.holds("-----BEGIN CERTIFICATE-----\nMIIE")).isFalse();
  }

  private static List<Detector> detectors() {
    return List.of(
        SecretDetector.INSTANCE,
        new CardDetector(),
        new IbanDetector(),
        new SsnDetector(),
        new EmailDetector(),
        new IpDetector(),
        new BirthDateDetector(),
        new MedicalRecordDetector(),
        new PhoneDetector(),
        new PatternDetector("P", "(\\w+\\s?)+@(\\d|a)*$"),
        new DictionaryDetector("D", List.of("a", "aa", "aaa", "1 1", "geb geb", "@@@")));
  }

  /** What each detector has to look at again and again: quadratic time would be minutes. */
  @ParameterizedTest
  @MethodSource("detectors")
  void timeIsLinear(Detector detector) {
    List<String> hostile =
        List.of(
            "a",
            "@",
            "a@",
            "a.",
            "a@a.",
            "1",
            "1 ",
            "1.",
            "(1",
            "+1",
            "4",
            "4111 ",
            "0",
            "::",
            "1:",
            "a:",
            "-",
            "-----BEGIN PRIVATE KEY-----",
            "p",
            "password=",
            "password ",
            "sk-",
            "eyJ.",
            "DE",
            "DE12",
            "DE12 ",
            "mrn ",
            "mrn",
            "birth 1",
            "1-1-",
            "12.12.1980 ",
            "may ",
            "geb ",
            "病历号",
            "😀",
            "\n",
            "\ud800",
            "1年");
    for (String unit : hostile) {
      String text = unit.repeat((1 << 18) / unit.length());
      long start = System.nanoTime();
      check(detector, text);
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as(detector.kind() + " on 256 KiB of '" + unit + "', milliseconds")
          .isLessThan(20_000);
    }
  }

  @Test
  void aMegabyteTakesSeconds() {
    StringBuilder text = new StringBuilder();
    CorpusWriter writer = new CorpusWriter(3);
    while (text.length() < 1 << 20) {
      for (String kind : Redactor.standard().kinds()) {
        writer.samples(kind, 10).forEach(sample -> text.append(sample.text()).append('\n'));
      }
    }
    long start = System.nanoTime();
    assertThat(Redactor.standard().find(text.toString())).hasSizeGreaterThan(5000);
    assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(60_000);
  }

  @ParameterizedTest
  @MethodSource("detectors")
  void survivesRandomTexts(Detector detector) {
    Random random = new Random(5);
    String alphabet = "0123456789 .-/:()+@abcdefDEpassword=\"'<>_,\n年月日病历号éß\ud83d\ude00\u0000";
    List<String> words =
        List.of("DOB ", "mrn ", "tel ", "ssn ", "-----BEGIN ", "sk-", "AKIA", "eyJ", "born ", "::");
    for (int round = 0; round < 4000; round++) {
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(80);
      while (text.length() < length) {
        if (random.nextInt(10) == 0) {
          text.append(words.get(random.nextInt(words.size())));
        } else {
          text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
      }
      check(detector, text.toString());
    }
  }

  /** Places are inside the text, from left to right, and do not overlap; twice the same. */
  private static void check(Detector detector, String text) {
    List<Finding> first = new ArrayList<>();
    int[] last = new int[1];
    Consumer<Finding> ordered =
        finding -> {
          if (finding.start() < last[0]
              || finding.end() <= finding.start()
              || finding.end() > text.length()) {
            throw new AssertionError(finding + " behind " + last[0]);
          }
          last[0] = finding.end();
          first.add(finding);
        };
    detector.find(text, ordered);
    if (text.length() < 1000) {
      List<Finding> second = new ArrayList<>();
      detector.find(text, second::add);
      assertThat(second).isEqualTo(first);
    }
  }
}
