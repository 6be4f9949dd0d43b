package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DoctorCommandTest {
  @Test
  void jsonTellsTheSameAsTheExitCode() {
    Invocation doctor = Invocation.hadal("doctor", "--json");
    JsonNode report =
        Json.parse(doctor.out().getBytes(StandardCharsets.UTF_8), "output of hadal doctor");
    boolean allOk =
        StreamSupport.stream(report.required("checks").spliterator(), false)
            .allMatch(check -> check.required("ok").booleanValue());
    assertThat(report.required("ok").booleanValue()).isEqualTo(allOk);
    assertThat(doctor.exitCode()).isEqualTo(allOk ? ExitCode.OK : ExitCode.CHECK_FAILED);
    assertThat(doctor.err()).isEmpty();

    assertThat(report.at("/java/version").stringValue()).isEqualTo(Runtime.version().toString());
    assertThat(report.at("/system/cores").intValue())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
    long total = report.at("/memory/total_bytes").longValue();
    assertThat(report.at("/memory/available_bytes").longValue()).isBetween(1L, total);
    // Between an old phone and several of today's largest servers.
    assertThat(report.at("/memory/read_bytes_per_second_one_thread").longValue())
        .isBetween(100_000_000L, 10_000_000_000_000L);
    assertThat(report.at("/disk/free_bytes").longValue()).isPositive();
  }

  @Test
  void nodesWithAnotherConfigurationAreProblems(@TempDir Path folder) {
    DatabaseOptions options = DatabaseOptions.file(folder.resolve("hadal.db"));
    try (Database database = Database.open(options)) {
      database.run(
          h -> {
            for (String[] node : new String[][] {{"a", "11"}, {"b", "22"}, {"c", "11"}}) {
              h.createUpdate(
                      "INSERT INTO node (name, incarnation, models, version, context, weight,"
                          + " running, waiting, draining, digest, digest_version, beats,"
                          + " started_at, renewed_at, config_hash, config_pending)"
                          + " VALUES (?, ?, '', '', 0, 1, 0, 0, 0, '', 0, 1, ?, ?, ?, 0)")
                  .bind(0, node[0])
                  .bind(1, node[0])
                  .bind(2, System.currentTimeMillis())
                  .bind(3, System.currentTimeMillis())
                  .bind(4, node[1])
                  .execute();
            }
          });
    }
    Invocation doctor = Invocation.hadal("doctor", "--data", folder.toString());
    assertThat(doctor.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(doctor.out())
        .contains("ok       gateway a: configuration 11", "DIFFERS  gateway b: configuration 22");
  }

  @Test
  void textNamesWhatIsMissingAndTheRemedy() {
    // Tests run without the launcher's options.
    Invocation doctor = Invocation.hadal("doctor");
    assertThat(doctor.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(doctor.out())
        .contains("MISSING  MaxTrivialSize")
        .contains("add -XX:MaxTrivialSize=400")
        .contains("slow paths in use:")
        .containsPattern("verdict: \\d+ problems? found\\R$");
  }
}
