package io.hadal.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** Command lines that help shows, of the commands that one meets first. */
final class Examples {
  private static final String LINES =
      """
      hadal serve
      hadal serve --model models/flash.gguf --port 9000
      hadal serve --platform --data /var/lib/hadal
      hadal serve --gateway --config serve.yaml
      hadal chat --model models/flash.gguf
      hadal generate --model models/flash.gguf --prompt "int max(int a, int b) {"
      hadal complete src/Main.java:12:8
      hadal inspect models/flash.gguf
      hadal tokenize --model models/flash.gguf "int x = 1;"
      hadal bench --model models/flash.gguf -p 512 -n 64
      hadal connect claude-code
      hadal connect codex --url https://code.example.org --key sk-... --write
      hadal config check serve.yaml
      hadal config schema
      hadal keys create --name laptop
      hadal keys create --name ci --rpm 60 --budget 12.50 --budget-window month
      hadal keys list
      hadal keys rotate key_... --grace-hours 2
      hadal keys revoke key_...
      hadal ledger prices flash@2026-07-31 --input 0.28 --output 0.42 --source list
      hadal ledger report --by project,month --from 2026-11-01T00:00:00Z
      hadal ledger export --format focus -o usage.csv
      hadal ledger topup default 25.00 --ref invoice-17
      hadal ledger verify
      hadal ledger reconcile --backend deepseek invoice.csv
      hadal audit verify
      hadal audit export audit.jsonl
      hadal audit public-key
      hadal audit verify audit.jsonl --public-key audit.pem
      hadal model add models/flash.gguf --family flash
      hadal model probe flash@2026-07-31 --url http://127.0.0.1:8080
      hadal model activate flash@2026-07-31
      hadal model alias flash flash@2026-07-31 --reason "passed its probes"
      hadal model list
      hadal rollout create flash flash@2026-11-29 --mode canary --percent 5
      hadal rollout list
      hadal capacity plan --costs costs.json --rate 2 --prompt 4000 --output 300
      hadal admin backup /backup/2026-11-29
      hadal admin restore /backup/2026-11-29 --data /var/lib/hadal-new
      """;

  private Examples() {}

  /** All of them. */
  static List<String> all() {
    return LINES.lines().toList();
  }

  /** Puts them into the help of commands and of what these are part of. */
  static void addTo(CommandLine root) {
    Map<CommandLine, List<String>> byCommand = new LinkedHashMap<>();
    for (String line : all()) {
      CommandLine command = root;
      for (String word : line.split(" ")) {
        CommandLine next = command.getSubcommands().get(word);
        if (next != null) {
          byCommand.computeIfAbsent(next, c -> new ArrayList<>()).add("  " + line);
          command = next;
        }
      }
    }
    byCommand.forEach(
        (command, lines) -> {
          List<String> footer = new ArrayList<>(List.of("", "Examples:"));
          // A percent sign would begin a format.
          lines.forEach(line -> footer.add(line.replace("%", "%%")));
          footer.addAll(List.of(command.getCommandSpec().usageMessage().footer()));
          command.getCommandSpec().usageMessage().footer(footer.toArray(String[]::new));
        });
  }
}
