package io.hadal.platform.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyTextTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void hasTheFormOfTheSpecification() {
    String live = KeyText.create(false).text().reveal();
    assertThat(live).matches("sk-l-[0-9a-z]{10}-[A-Za-z0-9_-]{44}");
    String test = KeyText.create(true).text().reveal();
    KeyText read = Objects.requireNonNull(KeyText.parse(test));
    assertThat(read.env()).isEqualTo('t');
    assertThat(read.text().reveal()).isEqualTo(test);
    assertThat(read.toString()).doesNotContain(test.substring(17)).contains("[redacted]");
  }

  @Test
  void everyWrongOrSwappedCharacterShows() {
    String text = KeyText.create(false).text().reveal();
    for (int i = 3; i < text.length(); i++) {
      for (char wrong : "abcXYZ019-_tl".toCharArray()) {
        if (wrong != text.charAt(i)) {
          assertThat(KeyText.parse(text.substring(0, i) + wrong + text.substring(i + 1)))
              .as("%s at %d", wrong, i)
              .isNull();
        }
      }
      if (i + 1 < text.length() && text.charAt(i) != text.charAt(i + 1)) {
        String swapped =
            text.substring(0, i) + text.charAt(i + 1) + text.charAt(i) + text.substring(i + 2);
        assertThat(KeyText.parse(swapped)).as("swapped at %d", i).isNull();
      }
    }
    for (String other : new String[] {"", "sk-", text + "a", text.substring(1), "é".repeat(60)}) {
      assertThat(KeyText.parse(other)).isNull();
    }
  }

  @Test
  void pepperIsMadeOnceForItsOwnerAndKeepsTwoGenerations() throws Exception {
    Path file = folder.resolve("pepper");
    Pepper first = Pepper.file(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    KeyText key = KeyText.create(false);
    assertThat(Pepper.file(file).mac(1, key.secret())).isEqualTo(first.mac(1, key.secret()));
    Pepper second = Pepper.rotate(file);
    assertThat(second.generation()).isEqualTo(2);
    assertThat(second.mac(1, key.secret())).isEqualTo(first.mac(1, key.secret()));
    assertThat(second.mac(2, key.secret())).isNotEqualTo(first.mac(1, key.secret()));
    Pepper third = Pepper.rotate(file);
    assertThat(third.mac(1, key.secret())).isNull();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    String text = Files.readString(file).strip().replace('\n', ',');
    assertThat(Pepper.of("env:P", Map.of("P", text)).generation()).isEqualTo(3);
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void brokenPeppersAreNamed() throws Exception {
    Path file = folder.resolve("pepper");
    for (String text :
        new String[] {
          "",
          "1",
          "1 !!",
          "x AAAA",
          "1 AAAA",
          "2 " + "A".repeat(43) + "\n1 " + "A".repeat(43),
          "a".repeat(9999)
        }) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> Pepper.file(file))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("pepper");
    }
    assertThatThrownBy(() -> Pepper.of("env:NONE", Map.of())).hasMessageContaining("NONE");
    assertThatThrownBy(() -> Pepper.of("plain", Map.of())).hasMessageContaining("env:NAME");
  }

  @Test
  void rangesOfBothKinds() {
    assertThat(AddressRange.parse("10.0.0.0/8").contains("10.200.3.4")).isTrue();
    assertThat(AddressRange.parse("10.0.0.0/8").contains("11.0.0.1")).isFalse();
    assertThat(AddressRange.parse("10.0.0.0/8").contains("::ffff:10.1.1.1")).isTrue();
    assertThat(AddressRange.parse("0.0.0.0/0").contains("1.2.3.4")).isTrue();
    assertThat(AddressRange.parse("0.0.0.0/0").contains("::1")).isFalse();
    assertThat(AddressRange.parse("192.168.7.9").contains("192.168.7.9")).isTrue();
    assertThat(AddressRange.parse("192.168.7.8/31").contains("192.168.7.10")).isFalse();
    assertThat(AddressRange.parse("2001:db8::/33").contains("2001:db8:7fff::1")).isTrue();
    assertThat(AddressRange.parse("2001:db8::/33").contains("2001:db8:8000::1")).isFalse();
    assertThat(AddressRange.parse("fe80::/10").contains("fe80::1%eth0")).isTrue();
    assertThat(AddressRange.parse("::/0").contains("not an address")).isFalse();
    for (String bad :
        new String[] {
          "",
          "10.0.0.1/8",
          "10.0.0.0/33",
          "10.0.0/8",
          "example.org",
          "::1/129",
          "1.2.3.4/",
          "1.2.3.4/-1",
          "300.1.1.1",
          "1.2.3.4/8/8",
          ":::",
          "2001:db8::1/32"
        }) {
      assertThatThrownBy(() -> AddressRange.parse(bad))
          .as(bad)
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("addresses");
    }
  }

  @Test
  void patternsOfModels() {
    Identity identity =
        new Identity(
            "o",
            "t",
            "p",
            "k",
            null,
            Set.of(),
            List.of("deepseek-*", "*/gpt-*-mini", "exact"),
            ProjectPolicy.DEFAULT);
    assertThat(identity.mayUse("deepseek-v4@2026-07-31")).isTrue();
    assertThat(identity.mayUse("openai/gpt-5-mini")).isTrue();
    assertThat(identity.mayUse("openai/gpt-5")).isFalse();
    assertThat(identity.mayUse("exact")).isTrue();
    assertThat(identity.mayUse("exactly")).isFalse();
    assertThat(identity.mayUse("")).isFalse();
    Identity hostile =
        new Identity(
            "o", "t", "p", "k", null, Set.of(), List.of("*a".repeat(100)), ProjectPolicy.DEFAULT);
    assertThat(hostile.mayUse("a".repeat(10_000) + "b")).isFalse();
  }

  @Test
  void failuresAreForgottenSlowly() {
    MovableClock clock = new MovableClock();
    FailedAttempts attempts = new FailedAttempts(clock, 3, 10_000);
    for (int i = 0; i < 3; i++) {
      attempts.check("2001:db8::1");
      attempts.failed("2001:db8::1");
    }
    // A neighbour of the same /64 is the same one; another network is not.
    assertThatThrownBy(() -> attempts.check("2001:db8::2"))
        .isInstanceOfSatisfying(
            Refusal.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Refusal.Reason.RATE_LIMIT);
              assertThat(e.retryAfterMillis()).isEqualTo(10_000);
            });
    attempts.check("2001:db8:1::1");
    clock.pass(Duration.ofSeconds(10));
    attempts.check("2001:db8::2");
    attempts.failed("2001:db8::2");
    assertThatThrownBy(() -> attempts.check("2001:db8::1")).isInstanceOf(Refusal.class);
  }
}
