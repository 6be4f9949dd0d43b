package io.hadal.platform.redaction;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Writes sentences with personal data in them, and sentences that only look so. The generators know
 * nothing of the detectors: they follow how people and services write these things.
 */
final class CorpusWriter {
  private static final List<String> FIRST =
      List.of("ada", "grace", "alan", "marie", "wei", "jörg", "olivia", "noah", "li.na", "o'brien");
  private static final List<String> LAST =
      List.of("lovelace", "hopper", "turing", "curie", "zhang", "müller", "smith", "garcia");
  private static final List<String> HOSTS =
      List.of(
          "example.org",
          "mail.example.com",
          "uni-example.de",
          "example.co.uk",
          "a.b.example.io",
          "firma.example",
          "example.museum",
          "müller-example.de");
  private static final String BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private final Random random;

  CorpusWriter(long seed) {
    random = new Random(seed);
  }

  /**
   * A sentence.
   *
   * @param kind what is in it
   * @param value what should be found; empty for nothing
   */
  record Sample(String kind, String text, String value) {}

  /** Sentences of a kind, half of them with something to find. */
  List<Sample> samples(String kind, int count) {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      samples.add(i % 2 == 0 ? positive(kind) : negative(kind));
    }
    return samples;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String digits(int count) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < count; i++) {
      digits.append((char) ('0' + random.nextInt(10)));
    }
    return digits.toString();
  }

  private int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private String chars(String alphabet, int count) {
    StringBuilder chars = new StringBuilder();
    for (int i = 0; i < count; i++) {
      chars.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return chars.toString();
  }

  private Sample in(String kind, String value, String... frames) {
    return new Sample(kind, pick(frames).replace("@@", value), value);
  }

  private Sample none(String kind, String... texts) {
    return new Sample(kind, pick(texts), "");
  }

  private Sample positive(String kind) {
    return switch (kind) {
      case "EMAIL" ->
          in(
              kind,
              email(),
              "Please write to @@.",
              "From: Ada <@@>",
              "contact=@@;lang=en",
              "我的邮箱是@@，谢谢",
              "(@@)",
              "\"email\": \"@@\"",
              "mailto:@@?subject=x",
              "@@ has answered");
      case "PHONE" -> phone();
      case "CARD" ->
          in(
              kind,
              card(),
              "My card is @@, valid until 12/29.",
              "Kartennummer: @@",
              "{\"pan\":\"@@\"}",
              "charge @@ please",
              "卡号@@。");
      case "IBAN" ->
          in(kind, iban(), "Pay to @@.", "IBAN: @@, thanks", "iban=@@", "Konto @@ bei der Bank");
      case "SSN" -> ssn();
      case "IP" ->
          in(
              kind,
              ip(),
              "Request from @@ refused",
              "client=@@ status=200",
              "The host [@@] is down",
              "ping @@, then wait.",
              "\"ip\":\"@@\"");
      case "DATE_OF_BIRTH" ->
          in(
              kind,
              date(),
              "Date of birth: @@",
              "She was born on @@ in Ulm.",
              "DOB @@, female",
              "geboren am @@ in Köln",
              "Geburtsdatum: @@",
              "birthday is @@!",
              "\"date_of_birth\": \"@@\"",
              "出生日期：@@",
              "@@ (date of birth)",
              "née le @@");
      case "MEDICAL_RECORD" ->
          in(
              kind,
              record(),
              "MRN: @@",
              "medical record number @@ was opened",
              "Patient ID @@ is in room 4",
              "Medical Record #@@",
              "mrn=@@;ward=3",
              "Patienten-Nr. @@",
              "病历号：@@",
              "chart number is @@.");
      default -> secret();
    };
  }

  private Sample negative(String kind) {
    return switch (kind) {
      case "EMAIL" ->
          none(
              kind,
              "Use @Override above the method.",
              "meet @ " + between(1, 12) + " o'clock",
              "user@localhost has no domain",
              "a @ b.com is not written so",
              "npm install @scope/name@1.2.3",
              "git@host: no such remote",
              "tweet by @ada.",
              "ratio 3@4.5");
      case "PHONE" ->
          none(
              kind,
              "Order " + digits(10) + " was shipped",
              "on 2024-" + between(10, 12) + "-" + between(10, 28) + " at 10:30",
              "released 0" + between(1, 9) + ".0" + between(1, 9) + ".2024",
              "pi is 3.14159265358979",
              "it took 0." + digits(9) + " seconds",
              "version " + between(1, 20) + "." + between(0, 9) + "." + digits(4),
              "range 1000-2000, page 12-14",
              "1 2 3 4 5 6 7 8 9 10 11 12",
              "timestamp 17" + digits(11),
              "sha 3f" + digits(8) + "ab",
              "ISBN 978-3-16-148410-0",
              "array[" + digits(7) + "]",
              "matrix 640 480 32 16",
              "population 8 336 817");
      case "CARD" ->
          none(
              kind,
              "order " + broken(card()),
              "id " + digits(8) + "-" + digits(4),
              "tracking 1Z" + digits(16),
              "timestamp 17" + digits(11),
              "uuid 123e4567-e89b-12d3-a456-426614174000",
              "serial " + digits(25));
      case "IBAN" ->
          none(
              kind,
              "IBAN " + brokenIban(),
              "flight DE1234 to Berlin",
              "part GB12ABCD",
              "XX82 1234 5678 9012 3456 78",
              "model FR76-A");
      case "SSN" ->
          none(
              kind,
              "ticket 000-" + digits(2) + "-" + digits(4),
              "code 9" + digits(2) + "-" + between(10, 99) + "-" + digits(4),
              "number " + digits(9),
              "zip " + digits(5) + "-" + digits(4),
              "part 666-" + digits(2) + "-" + digits(4),
              "2024-01-15 and 12-34-5678");
      case "IP" ->
          none(
              kind,
              "at 12:34:56 it ended",
              "std::vector<int> a::b",
              "version 1.2.3.4",
              "section 4.3.2.1 of the law",
              "mac 00:1b:44:11:3a:b7",
              "ratio 1.2.3",
              "300.1.2.3 is no address",
              "1.2.3.4.5 neither",
              "use Foo::Bar::new()",
              "v10.0.0.1-beta");
      case "DATE_OF_BIRTH" ->
          none(
              kind,
              "The meeting is on " + date() + ".",
              "released " + date(),
              "due " + date() + ", no excuse",
              "She was born in Ulm.",
              "date of birth: unknown",
              "Born to run, 3 of 4 stars",
              "Invoice of " + date());
      case "MEDICAL_RECORD" ->
          none(
              kind,
              "The MRN is missing.",
              "patient id unknown",
              "medical records are kept for ten years",
              "order number " + digits(8),
              "the chart shows 12345",
              "a patient number of people waited",
              "mrnA " + digits(7));
      default ->
          none(
              kind,
              "the token count is 1234567",
              "password: required",
              "set password = getPassword()",
              "sha " + chars("0123456789abcdef", 40),
              "secret santa: everybody",
              "api_key = None",
              "the sk-learn package",
              "token: string",
              "password must have 8 characters",
              "skipping files",
              "uuid " + chars("0123456789abcdef", 8) + "-e89b-12d3-a456-426614174000",
              "const token = tokens[0];");
    };
  }

  private String email() {
    String local =
        pick(FIRST)
            + pick(".", "_", "-", "+", "")
            + pick(LAST)
            + (random.nextBoolean() ? digits(2) : "");
    return random.nextInt(5) == 0
        ? local.toUpperCase(Locale.ROOT) + "@" + pick(HOSTS)
        : local + "@" + pick(HOSTS);
  }

  private Sample phone() {
    String area = between(2, 9) + digits(2);
    String exchange = between(2, 9) + digits(2);
    String line = digits(4);
    String value =
        switch (random.nextInt(12)) {
          case 0 -> "(" + area + ") " + exchange + "-" + line;
          case 1 -> area + "-" + exchange + "-" + line;
          case 2 -> "+1 " + area + " " + exchange + " " + line;
          case 3 -> "+1" + area + exchange + line;
          case 4 -> area + "." + exchange + "." + line;
          case 5 -> "+49 " + between(30, 89) + " " + between(1, 9) + digits(6);
          case 6 -> "+44 20 7" + digits(3) + " " + digits(4);
          case 7 -> "0" + between(30, 89) + "/" + between(1, 9) + digits(6);
          case 8 -> "01" + between(51, 79) + " " + between(1, 9) + digits(6);
          case 9 -> "020 7" + digits(3) + " " + digits(4);
          case 10 -> "1" + between(3, 9) + digits(9);
          default -> "+86 13" + digits(1) + " " + digits(4) + " " + digits(4);
        };
    return in(
        "PHONE",
        value,
        "Call me at @@.",
        "Tel: @@",
        "my number is @@, thanks",
        "@@ is busy",
        "手机：@@",
        "\"phone\":\"@@\"",
        "1. @@",
        "reach us under @@ or by mail");
  }

  private String card() {
    String[] issuer =
        pick(
            List.of(
                new String[] {"4", "16"},
                new String[] {"5" + between(1, 5), "16"},
                new String[] {"34", "15"},
                new String[] {"37", "15"},
                new String[] {"6011", "16"},
                new String[] {"62", "16"},
                new String[] {"2" + between(300, 699), "16"}));
    int length = Integer.parseInt(issuer[1]);
    String body = issuer[0] + digits(length - issuer[0].length() - 1);
    int sum = 0;
    for (int i = 0; i < body.length(); i++) {
      int digit = body.charAt(body.length() - 1 - i) - '0';
      int doubled = i % 2 == 0 ? digit * 2 : digit;
      sum += doubled / 10 + doubled % 10;
    }
    String number = body + (10 - sum % 10) % 10;
    String separator = pick("", " ", "-");
    return length == 15
        ? number.substring(0, 4)
            + separator
            + number.substring(4, 10)
            + separator
            + number.substring(10)
        : number.replaceAll("(.{4})(?!$)", "$1" + separator);
  }

  /** The same with its last digit changed, which no check digit survives. */
  private static String broken(String number) {
    char last = number.charAt(number.length() - 1);
    return number.substring(0, number.length() - 1) + (char) ('0' + (last - '0' + 1) % 10);
  }

  private String iban() {
    Map.Entry<String, Integer> country =
        pick(
            List.copyOf(
                Map.of("DE", 18, "AT", 16, "CH", 17, "ES", 20, "PL", 24, "FR", 23, "BE", 12)
                    .entrySet()));
    return iban(country.getKey(), digits(country.getValue()));
  }

  private String iban(String country, String account) {
    StringBuilder digits = new StringBuilder(account);
    for (int i = 0; i < country.length(); i++) {
      digits.append(country.charAt(i) - 'A' + 10);
    }
    int rest = new BigInteger(digits + "00").mod(BigInteger.valueOf(97)).intValue();
    String number = country + "%02d".formatted(98 - rest) + account;
    return random.nextBoolean() ? number : number.replaceAll("(.{4})(?!$)", "$1 ");
  }

  private String brokenIban() {
    return broken(iban("DE", digits(18)));
  }

  private Sample ssn() {
    String area = "%03d".formatted(between(1, 665));
    String group = "%02d".formatted(between(1, 99));
    String serial = "%04d".formatted(between(1, 9999));
    return switch (random.nextInt(3)) {
      case 0 ->
          in("SSN", area + "-" + group + "-" + serial, "It is @@.", "\"id\":\"@@\"", "SSN @@");
      case 1 -> in("SSN", area + group + serial, "SSN: @@", "Social security number @@ on file");
      default ->
          in("SSN", area + " " + group + " " + serial, "social security no. @@", "my ssn is @@");
    };
  }

  private String ip() {
    return switch (random.nextInt(5)) {
      case 0 ->
          "2001:db8:"
              + Integer.toHexString(between(1, 0xffff))
              + "::"
              + Integer.toHexString(between(1, 0xffff));
      case 1 -> "fe80::" + digits(3) + ":" + chars("abcdef0123456789", 4) + ":1";
      case 2 -> "::ffff:192.0.2." + between(1, 254);
      default ->
          between(1, 255) + "." + between(0, 255) + "." + between(0, 255) + "." + between(1, 255);
    };
  }

  private String date() {
    int year = between(1930, 2015);
    int month = between(1, 12);
    int day = between(1, 28);
    List<String> months =
        List.of("January", "March", "May", "June", "August", "October", "December");
    return switch (random.nextInt(8)) {
      case 0 -> "%d-%02d-%02d".formatted(year, month, day);
      case 1 -> "%02d.%02d.%d".formatted(day, month, year);
      case 2 -> "%02d/%02d/%d".formatted(month, day, year);
      case 3 -> day + " " + pick(months) + " " + year;
      case 4 -> pick(months) + " " + day + ", " + year;
      case 5 -> day + ". " + pick("Januar", "März", "Mai", "Dezember") + " " + year;
      case 6 -> year + "年" + month + "月" + day + "日";
      default -> day + "th of " + pick(months) + ", " + year;
    };
  }

  private String record() {
    return switch (random.nextInt(4)) {
      case 0 -> digits(7);
      case 1 -> "A" + digits(6);
      case 2 -> digits(3) + "-" + digits(5);
      default -> "MR" + digits(8);
    };
  }

  private Sample secret() {
    String alnum = BASE64;
    String value =
        switch (random.nextInt(9)) {
          case 0 ->
              "sk-live-" + chars("0123456789abcdefghjkmnpqrstvwxyz", 10) + "-" + chars(alnum, 43);
          case 1 -> "ghp_" + chars(alnum, 36);
          case 2 -> "AKIA" + chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
          case 3 -> "xoxb-" + digits(11) + "-" + digits(12) + "-" + chars(alnum, 24);
          case 4 -> "eyJ" + chars(alnum, 30) + "." + chars(alnum, 60) + "." + chars(alnum, 43);
          case 5 -> "AIza" + chars(alnum, 35);
          case 6 -> "glpat-" + chars(alnum, 20);
          default -> "";
        };
    if (!value.isEmpty()) {
      return in(
          "SECRET",
          value,
          "key @@",
          "export KEY=@@",
          "Authorization: Bearer @@",
          "use `@@`.",
          "@@");
    }
    value = chars(alnum + "!#$%*+-", 15) + digits(1);
    return in(
        "SECRET",
        value,
        "password=@@",
        "\"password\": \"@@\"",
        "api_key = '@@'",
        "client_secret: @@",
        "DB_PASSWORD=@@",
        "my password is @@");
  }
}
