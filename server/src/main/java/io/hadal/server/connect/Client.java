package io.hadal.server.connect;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Clients whose settings are known. Wire and environment: api.md section 12. */
public enum Client {
  /** Anthropic's agent: environment in its settings. */
  CLAUDE_CODE("claude-code", "Claude Code") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      Path file = home.resolve(".claude/settings.json");
      return new Setup(
          List.of(
              JsonSettings.edit(
                  home,
                  file,
                  settings -> {
                    ObjectNode env = JsonSettings.child(settings, "env", file);
                    env.put("ANTHROPIC_BASE_URL", e.url());
                    env.put("ANTHROPIC_AUTH_TOKEN", e.key());
                    env.put("ANTHROPIC_MODEL", e.model());
                    env.put("ANTHROPIC_SMALL_FAST_MODEL", e.model());
                    env.put("CLAUDE_CODE_MAX_OUTPUT_TOKENS", Integer.toString(answer(e)));
                    env.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
                  })),
          List.of("claude"));
    }
  },

  /** OpenAI's agent: a profile, which is a file of its own. */
  CODEX("codex", "Codex") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      String text =
          """
          model = "%s"
          model_provider = "hadal"
          model_context_window = %d

          [model_providers.hadal]
          name = "Hadal"
          base_url = "%s"
          env_key = "HADAL_API_KEY"
          wire_api = "responses"
          """
              .formatted(e.model(), e.context(), e.v1());
      Path file = home.resolve(".codex/hadal.config.toml");
      return new Setup(
          List.of(home.edit(file, text)),
          List.of("export HADAL_API_KEY=" + quoted(e.key()), "codex --profile hadal"));
    }
  },

  /** opencode: a provider of the OpenAI-compatible kind. */
  OPENCODE("opencode", "opencode") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      Path file = home.resolve(".config/opencode/opencode.json");
      return new Setup(
          List.of(
              JsonSettings.edit(
                  home,
                  file,
                  settings -> {
                    ObjectNode provider =
                        JsonSettings.child(
                            JsonSettings.child(settings, "provider", file), "hadal", file);
                    provider.put("npm", "@ai-sdk/openai-compatible").put("name", "Hadal");
                    JsonSettings.child(provider, "options", file)
                        .put("baseURL", e.v1())
                        .put("apiKey", e.key());
                    ObjectNode model =
                        JsonSettings.child(
                            JsonSettings.child(provider, "models", file), e.model(), file);
                    model.put("name", e.model());
                    JsonSettings.child(model, "limit", file)
                        .put("context", e.context())
                        .put("output", answer(e));
                  })),
          List.of("opencode run -m " + quoted("hadal/" + e.model()) + " \"...\""));
    }
  },

  /** GitHub's agent, which reads its environment only. */
  COPILOT("copilot", "Copilot CLI") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      Path file = home.resolve(".config/hadal/copilot.env");
      String text =
          """
          export COPILOT_PROVIDER_TYPE=openai
          export COPILOT_PROVIDER_BASE_URL=%s
          export COPILOT_PROVIDER_API_KEY=%s
          export COPILOT_MODEL=%s
          """
              .formatted(quoted(e.v1()), quoted(e.key()), quoted(e.model()));
      return new Setup(List.of(home.edit(file, text)), List.of(". " + shellPath(file), "copilot"));
    }
  },

  /** Continue: a configuration file of its own, so that others stay as they are. */
  CONTINUE("continue", "Continue") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      String text =
          """
          name: Hadal
          version: 0.0.1
          schema: v1
          models:
            - name: Hadal
              provider: openai
              model: "%1$s"
              apiBase: "%2$s"
              apiKey: "%3$s"
              roles: [chat, edit, apply]
              defaultCompletionOptions:
                contextLength: %4$d
                maxTokens: %5$d
            - name: Hadal completion
              provider: deepseek
              model: "%1$s"
              apiBase: "%2$s"
              apiKey: "%3$s"
              roles: [autocomplete]
          """
              .formatted(e.model(), e.v1(), e.key(), e.context(), answer(e));
      Path file = home.resolve(".continue/hadal.yaml");
      return new Setup(List.of(home.edit(file, text)), List.of("cn --config " + shellPath(file)));
    }
  },

  /** VS Code's chat: its Ollama provider, which needs no key. */
  VSCODE("vscode", "VS Code") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      Path file = home.resolve(codeFolder()).resolve("User/settings.json");
      return new Setup(
          List.of(
              JsonSettings.edit(
                  home, file, s -> s.put("github.copilot.chat.byok.ollamaEndpoint", e.url()))),
          List.of("In the chat's list of models choose: Manage Models, Ollama, " + e.model()));
    }
  },

  /** Cline's command line, which keeps what it is told; its extensions ask for the same. */
  CLINE("cline", "Cline") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return new Setup(
          List.of(),
          List.of(
              "cline auth openai -k %s -m %s -b %s"
                  .formatted(quoted(e.key()), quoted(e.model()), quoted(e.v1())),
              "cline"));
    }
  },

  /** Qwen Code, which reads its environment. */
  QWEN_CODE("qwen-code", "Qwen Code") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      Path file = home.resolve(".config/hadal/qwen-code.env");
      String text =
          """
          export OPENAI_BASE_URL=%s
          export OPENAI_API_KEY=%s
          export OPENAI_MODEL=%s
          """
              .formatted(quoted(e.v1()), quoted(e.key()), quoted(e.model()));
      return new Setup(
          List.of(home.edit(file, text)),
          List.of(". " + shellPath(file), "qwen --auth-type openai"));
    }
  },

  /** The AI Assistant of IntelliJ and its sisters, set up in a dialog. */
  INTELLIJ("intellij", "IntelliJ") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return new Setup(
          List.of(),
          List.of(
              "In Settings, Tools, AI Assistant, Models choose: OpenAI-compatible",
              "URL: " + e.v1(),
              "API key: " + e.key(),
              "Model: " + e.model()));
    }
  },

  /** OpenAI's SDK for Python. */
  OPENAI_PYTHON("openai-python", "OpenAI SDK, Python") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return example(
          home,
          "openai_example.py",
          """
          from openai import OpenAI

          client = OpenAI(base_url="%s", api_key="%s")
          answer = client.chat.completions.create(
              model="%s",
              messages=[{"role": "user", "content": "Say hello."}],
          )
          print(answer.choices[0].message.content)
          """
              .formatted(e.v1(), e.key(), e.model()),
          "pip install openai",
          "python");
    }
  },

  /** OpenAI's SDK for JavaScript. */
  OPENAI_JS("openai-js", "OpenAI SDK, JavaScript") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return example(
          home,
          "openai-example.mjs",
          """
          import OpenAI from "openai";

          const client = new OpenAI({ baseURL: "%s", apiKey: "%s" });
          const answer = await client.responses.create({ model: "%s", input: "Say hello." });
          console.log(answer.output_text);
          """
              .formatted(e.v1(), e.key(), e.model()),
          "npm install openai",
          "node");
    }
  },

  /** Anthropic's SDK for Python. */
  ANTHROPIC_PYTHON("anthropic-python", "Anthropic SDK, Python") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return example(
          home,
          "anthropic_example.py",
          """
          from anthropic import Anthropic

          client = Anthropic(base_url="%s", api_key="%s")
          answer = client.messages.create(
              model="%s",
              max_tokens=1024,
              messages=[{"role": "user", "content": "Say hello."}],
          )
          print(answer.content[0].text)
          """
              .formatted(e.url(), e.key(), e.model()),
          "pip install anthropic",
          "python");
    }
  },

  /** Anthropic's SDK for JavaScript. */
  ANTHROPIC_JS("anthropic-js", "Anthropic SDK, JavaScript") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      return example(
          home,
          "anthropic-example.mjs",
          """
          import Anthropic from "@anthropic-ai/sdk";

          const client = new Anthropic({ baseURL: "%s", apiKey: "%s" });
          const answer = await client.messages.create({
            model: "%s",
            max_tokens: 1024,
            messages: [{ role: "user", content: "Say hello." }],
          });
          console.log(answer.content);
          """
              .formatted(e.url(), e.key(), e.model()),
          "npm install @anthropic-ai/sdk",
          "node");
    }
  },

  /** The command line, for a first look. */
  CURL("curl", "curl") {
    @Override
    public Setup setup(Endpoint e, HomeFolder home) {
      String body =
          "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}"
              .formatted(e.model());
      return new Setup(
          List.of(),
          List.of(
              "curl %s -H %s -H 'content-type: application/json' -d %s"
                  .formatted(
                      quoted(e.v1() + "/chat/completions"),
                      quoted("authorization: Bearer " + e.key()),
                      quoted(body))));
    }
  };

  private final String id;
  private final String displayName;

  Client(String id, String displayName) {
    this.id = id;
    this.displayName = displayName;
  }

  /**
   * What to write where.
   *
   * @param home the user's folder, or a description of one
   * @throws io.hadal.formats.FormatException when a settings file cannot be understood
   */
  public abstract Setup setup(Endpoint endpoint, HomeFolder home);

  /** Name on the command line. */
  public String id() {
    return id;
  }

  /** Name for people. */
  public String displayName() {
    return displayName;
  }

  /** All names, for messages. */
  public static String ids() {
    return Arrays.stream(values()).map(Client::id).collect(Collectors.joining(", "));
  }

  /** The client of a name, null for none. */
  public static @Nullable Client of(String id) {
    return Arrays.stream(values()).filter(c -> c.id.equals(id)).findFirst().orElse(null);
  }

  /** A program to begin with, which needs a package. */
  private static Setup example(
      HomeFolder home, String name, String text, String install, String run) {
    Path file = home.resolve(".config/hadal/" + name);
    return new Setup(List.of(home.edit(file, text)), List.of(install, run + " " + shellPath(file)));
  }

  /** Tokens of an answer: a quarter of the conversation. */
  private static int answer(Endpoint e) {
    return Math.max(1, e.context() / 4);
  }

  private static String quoted(String text) {
    return text.matches("[A-Za-z0-9_./:@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  /** A path for a shell, which knows the home folder by its sign. */
  private static String shellPath(Path file) {
    String text = file.toString().replace('\\', '/');
    return text.startsWith("~/") ? "~/" + quoted(text.substring(2)) : quoted(text);
  }

  private static String codeFolder() {
    String system = System.getProperty("os.name", "").toLowerCase(java.util.Locale.ROOT);
    if (system.contains("mac")) {
      return "Library/Application Support/Code";
    }
    return system.contains("win") ? "AppData/Roaming/Code" : ".config/Code";
  }
}
