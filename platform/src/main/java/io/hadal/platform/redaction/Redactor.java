package io.hadal.platform.redaction;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Detectors that work together. It holds nothing of the texts and may be shared. */
public final class Redactor {
  private final List<Detector> detectors;

  /**
   * A redactor.
   *
   * @param detectors of two that find the same place the first names it
   */
  public Redactor(List<Detector> detectors) {
    this.detectors = List.copyOf(detectors);
  }

  /** All detectors that need no settings. */
  public static Redactor standard() {
    return new Redactor(builtIn());
  }

  /** All detectors that need no settings, and some more. */
  public static Redactor with(List<Detector> more) {
    return with(more, List.of());
  }

  /**
   * Some detectors that need no settings, and some more.
   *
   * @param kinds kinds of those that need none; empty for all
   */
  public static Redactor with(List<Detector> more, List<String> kinds) {
    List<Detector> all = new ArrayList<>(more);
    builtIn().stream().filter(d -> kinds.isEmpty() || kinds.contains(d.kind())).forEach(all::add);
    return new Redactor(all);
  }

  private static List<Detector> builtIn() {
    return List.of(
        SecretDetector.INSTANCE,
        new CardDetector(),
        new IbanDetector(),
        new SsnDetector(),
        new EmailDetector(),
        new IpDetector(),
        new BirthDateDetector(),
        new MedicalRecordDetector(),
        new PhoneDetector());
  }

  /** Kinds that are looked for. */
  public List<String> kinds() {
    return detectors.stream().map(Detector::kind).distinct().toList();
  }

  /**
   * All places from left to right. Places that overlap are one, named by the longest of them, so
   * that no rest of one is left.
   */
  public List<Finding> find(String text) {
    List<Finding> all = new ArrayList<>();
    detectors.forEach(detector -> detector.find(text, all::add));
    // The sort is stable: of equal places the first detector's comes first.
    all.sort(
        Comparator.comparingInt(Finding::start)
            .thenComparing(Comparator.comparingInt(Finding::end).reversed()));
    List<Finding> apart = new ArrayList<>();
    int longest = 0;
    for (Finding finding : all) {
      if (apart.isEmpty() || apart.getLast().end() <= finding.start()) {
        apart.add(finding);
        longest = finding.end() - finding.start();
        continue;
      }
      Finding last = apart.removeLast();
      boolean longer = finding.end() - finding.start() > longest;
      apart.add(
          new Finding(
              longer ? finding.kind() : last.kind(),
              last.start(),
              Math.max(last.end(), finding.end())));
      longest = Math.max(longest, finding.end() - finding.start());
    }
    return apart;
  }

  /** Begins with a text that comes in pieces, as answers do. */
  public StreamRedactor stream(RedactionMode mode) {
    return new StreamRedactor(this, mode);
  }

  /** Begins with a request. */
  public Redaction begin(RedactionMode mode) {
    return new Redaction(this, mode);
  }
}
