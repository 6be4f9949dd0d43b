package io.hadal.platform.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Precision and recall on a generated corpus: a value counts as found when exactly it is found. All
 * detectors run, so a place that another kind takes is a miss, and a wrong kind a false alarm.
 */
class DetectorCorpusTest {
  private static final double LEAST = 0.95;
  private static final int SAMPLES = 2000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "EMAIL",
        "PHONE",
        "CARD",
        "IBAN",
        "SSN",
        "IP",
        "DATE_OF_BIRTH",
        "MEDICAL_RECORD",
        "SECRET"
      })
  void findsWhatItShouldAndNothingElse(String kind) {
    Redactor redactor = Redactor.standard();
    int hits = 0;
    int misses = 0;
    int alarms = 0;
    List<String> wrong = new ArrayList<>();
    for (CorpusWriter.Sample sample : new CorpusWriter(kind.hashCode()).samples(kind, SAMPLES)) {
      boolean hit = false;
      StringBuilder all = new StringBuilder();
      for (Finding finding : redactor.find(sample.text())) {
        String value = sample.text().substring(finding.start(), finding.end());
        all.append(finding.kind()).append('=').append(value).append(' ');
        if (finding.kind().equals(kind) && value.equals(sample.value())) {
          hit = true;
        } else {
          alarms++;
        }
      }
      if (hit) {
        hits++;
      } else if (!sample.value().isEmpty()) {
        misses++;
      }
      if (!all.toString()
          .strip()
          .equals(sample.value().isEmpty() ? "" : kind + "=" + sample.value())) {
        wrong.add(sample.text() + " -> " + all);
      }
    }
    double recall = (double) hits / (hits + misses);
    double precision = (double) hits / (hits + alarms);
    String figures = "%s: precision %.4f, recall %.4f".formatted(kind, precision, recall);
    List<String> some = wrong.subList(0, Math.min(12, wrong.size()));
    assertThat(recall).as(figures + "\n" + String.join("\n", some)).isGreaterThanOrEqualTo(LEAST);
    assertThat(precision)
        .as(figures + "\n" + String.join("\n", some))
        .isGreaterThanOrEqualTo(LEAST);
  }
}
