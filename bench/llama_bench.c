/*
 * Speed and logits of a GGUF file in llama.cpp, as one JSON line; bench/compare.sh compiles and runs it.
 *
 *   llama_bench -m FILE [-t N] [-p N] [-n N] [-r N] [-ub N] [-s SEED]
 *   llama_bench -m FILE [-t N] --logits TOKENS.json [--against LOGITS.safetensors]
 *
 * As llama-bench does: random tokens, an empty cache before each run, one run for warming up, -p
 * tokens in batches of 2048 with -ub of them at a time, then -n tokens one by one, a thread pool that
 * lives as long as the process, weights mapped and repacked as the library likes, flash attention as
 * it likes. LLAMA_BACKENDS names the folder with the library's ggml backends.
 *
 * The declarations below are the part of the C interface that is used, for release 0.5.0. Structures
 * that pass by value end in room to spare, so that fields which a later release appends do no harm;
 * their defaults are looked at before anything depends on them.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct buffer_choice {
  const char *pattern;
  void *type;
};

struct model_params {
  void *devices;
  const struct buffer_choice *buffers;
  int32_t gpu_layers;
  int32_t split_mode;
  int32_t load_mode; /* -1 auto, 0 read, 1 map */
  int32_t lazy_mode;
  int32_t main_gpu;
  const float *tensor_split;
  void *progress;
  void *progress_data;
  const void *overrides;
  char rest[432];
};

struct context_params {
  uint32_t context;
  uint32_t batch;
  uint32_t ubatch;
  uint32_t sequences;
  uint32_t state_snapshots;
  uint32_t outputs;
  uint32_t outputs_per_sequence;
  int32_t threads;
  int32_t threads_batch;
  int32_t kinds[4];
  int32_t flash_attention; /* -1 auto */
  float rope[8];
  void *callback;
  void *callback_data;
  int32_t type_k;
  int32_t type_v;
  char rest[400];
};

struct batch {
  int32_t count;
  int32_t *token;
  float *embedding;
  int32_t *position;
  int32_t *sequences;
  int32_t **sequence;
  int8_t *output;
};

struct pool_params {
  bool mask[512];
  int32_t threads;
  int32_t priority;
  uint32_t poll;
  bool strict;
  bool paused;
  char rest[64];
};

typedef void *(*pool_new)(struct pool_params *);

extern void llama_backend_init(void);
extern void llama_log_set(void (*)(int, const char *, void *), void *);
extern struct model_params llama_model_default_params(void);
extern struct context_params llama_context_default_params(void);
extern void *llama_model_load_from_file(const char *, struct model_params);
extern void *llama_init_from_model(void *, struct context_params);
extern void llama_free(void *);
extern void llama_model_free(void *);
extern const void *llama_model_get_vocab(const void *);
extern int32_t llama_vocab_n_tokens(const void *);
extern void *llama_get_memory(const void *);
extern void llama_memory_clear(void *, bool);
extern struct batch llama_batch_get_one(int32_t *, int32_t);
extern struct batch llama_batch_init(int32_t, int32_t, int32_t);
extern void llama_batch_free(struct batch);
extern int32_t llama_decode(void *, struct batch);
extern void llama_synchronize(void *);
extern float *llama_get_logits_ith(void *, int32_t);
extern void llama_attach_threadpool(void *, void *, void *);
extern const char *llama_print_system_info(void);
extern void ggml_backend_load_all_from_path(const char *);
extern void *ggml_backend_cpu_buffer_from_ptr(void *, size_t);
extern void *ggml_backend_buffer_get_type(void *);
extern void *ggml_backend_dev_by_type(int);
extern void *ggml_backend_dev_backend_reg(void *);
extern void *ggml_backend_reg_get_proc_address(void *, const char *);
extern struct pool_params ggml_threadpool_params_default(int);

enum { BATCH = 2048, TYPE_F16 = 1, CPU = 0 };

/* The last words of the library, shown when it refuses a file. */
static char last_words[4096];

static void keep(int level, const char *text, void *unused) {
  (void)unused;
  if (getenv("LLAMA_LOG") != NULL) {
    fputs(text, stderr);
  }
  if (level == 4 || level == 5) { /* errors and what continues them */
    size_t have = strlen(last_words);
    snprintf(last_words + have, sizeof last_words - have, "%s", text);
  }
}

static void fail(const char *what, const char *more) {
  fprintf(stderr, "llama_bench: %s%s\n%s", what, more, last_words);
  exit(1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint64_t state;

static uint32_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

static int number(const char *option, const char *text, int least) {
  char *end;
  long value = text == NULL ? -1 : strtol(text, &end, 10);
  if (text == NULL || *end != 0 || value < least || value > 1 << 24) {
    fail(option, " needs a number");
  }
  return (int)value;
}

static void decode(void *context, struct batch batch) {
  if (llama_decode(context, batch) != 0) {
    fail("decoding failed", "");
  }
}

/* The whole prompt, of random tokens, into an empty cache. */
static void prompt(void *context, int tokens, int vocabulary) {
  int32_t ids[BATCH];
  llama_memory_clear(llama_get_memory(context), false);
  for (int done = 0; done < tokens;) {
    int n = tokens - done < BATCH ? tokens - done : BATCH;
    for (int i = 0; i < n; i++) {
      ids[i] = (int32_t)(next_random() % (uint32_t)vocabulary);
    }
    decode(context, llama_batch_get_one(ids, n));
    done += n;
  }
  llama_synchronize(context);
}

static void generate(void *context, int tokens, int vocabulary) {
  llama_memory_clear(llama_get_memory(context), false);
  for (int i = 0; i < tokens; i++) {
    int32_t id = (int32_t)(next_random() % (uint32_t)vocabulary);
    decode(context, llama_batch_get_one(&id, 1));
    llama_synchronize(context);
  }
}

static void rates(const char *name, int tokens, int runs, const double *time) {
  printf(", \"%s\": {\"tokens\": %d, \"tokens_per_second\": [", name, tokens);
  for (int i = 0; i < runs; i++) {
    printf("%s%.4f", i > 0 ? ", " : "", tokens / time[i]);
  }
  printf("]}");
}

static char *contents(const char *file, long *size) {
  FILE *in = fopen(file, "rb");
  if (in == NULL) {
    fail("cannot open ", file);
  }
  fseek(in, 0, SEEK_END);
  *size = ftell(in);
  rewind(in);
  char *text = malloc((size_t)*size + 1);
  if (text == NULL || fread(text, 1, (size_t)*size, in) != (size_t)*size) {
    fail("cannot read ", file);
  }
  text[*size] = 0;
  fclose(in);
  return text;
}

/* All numbers of a JSON array of ids. */
static int32_t *ids_of(const char *file, int *count) {
  long size;
  char *text = contents(file, &size);
  int32_t *ids = malloc(((size_t)size + 1) * sizeof *ids);
  *count = 0;
  for (char *at = text; ids != NULL && *at != 0;) {
    if (*at >= '0' && *at <= '9') {
      ids[(*count)++] = (int32_t)strtol(at, &at, 10);
    } else {
      at++;
    }
  }
  free(text);
  if (*count == 0) {
    fail("no token ids in ", file);
  }
  return ids;
}

/* The tensor "logits" of a file that `hadal logits` has written. */
static const float *logits_of(const char *file, size_t values) {
  long size;
  char *text = contents(file, &size);
  uint64_t header;
  memcpy(&header, text, 8);
  char *tensor = strstr(text + 8, "\"logits\"");
  char *offsets = tensor == NULL ? NULL : strstr(tensor, "\"data_offsets\":[");
  unsigned long from = 0, to = 0;
  if (offsets == NULL || sscanf(offsets + 16, "%lu,%lu", &from, &to) != 2
      || to - from != values * sizeof(float) || 8 + header + to > (uint64_t)size) {
    fail("no logits of these tokens and this vocabulary in ", file);
  }
  return (const float *)(text + 8 + header + from);
}

static int largest(const float *x, int n) {
  int best = 0;
  for (int i = 1; i < n; i++) {
    if (x[i] > x[best]) {
      best = i;
    }
  }
  return best;
}

/* log of the sum of exponentials */
static double level(const float *x, int n) {
  double top = x[largest(x, n)], sum = 0;
  for (int i = 0; i < n; i++) {
    sum += exp(x[i] - top);
  }
  return top + log(sum);
}

static int by_size(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

static void compare(const float *ours, const float *other, int positions, int vocabulary) {
  int agree = 0;
  double kl = 0, most = 0;
  double *distance = malloc(sizeof(double) * (size_t)positions);
  if (distance == NULL) {
    fail("out of memory", "");
  }
  for (int p = 0; p < positions; p++) {
    const float *a = ours + (size_t)p * (size_t)vocabulary;
    const float *b = other + (size_t)p * (size_t)vocabulary;
    double apart = 0, norm = 0, la = level(a, vocabulary), lb = level(b, vocabulary);
    for (int i = 0; i < vocabulary; i++) {
      double d = (double)a[i] - b[i];
      apart += d * d;
      norm += (double)b[i] * b[i];
      most = fmax(most, fabs(d));
      kl += exp(b[i] - lb) * ((b[i] - lb) - (a[i] - la)) / positions;
    }
    distance[p] = sqrt(apart / norm);
    agree += largest(a, vocabulary) == largest(b, vocabulary);
  }
  double first = distance[0];
  qsort(distance, (size_t)positions, sizeof(double), by_size);
  printf("{\"positions\": %d, \"vocabulary\": %d, \"top1\": %.4f, \"kl\": %.6g, \"relative_l2\": "
         "{\"first\": %.4g, \"median\": %.4g, \"most\": %.4g}, \"largest_difference\": %.4g}\n",
         positions, vocabulary, (double)agree / positions, kl, first, distance[positions / 2],
         distance[positions - 1], most);
  free(distance);
}

int main(int argc, char **argv) {
  const char *model_file = NULL, *tokens_file = NULL, *against = NULL;
  int threads = 2, prompt_tokens = 512, generated = 64, runs = 3, ubatch = 512, seed = 42;
  for (int i = 1; i < argc; i += 2) {
    const char *o = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(o, "-m") == 0) {
      model_file = v;
    } else if (strcmp(o, "--logits") == 0) {
      tokens_file = v;
    } else if (strcmp(o, "--against") == 0) {
      against = v;
    } else if (strcmp(o, "-t") == 0) {
      threads = number(o, v, 1);
    } else if (strcmp(o, "-p") == 0) {
      prompt_tokens = number(o, v, 0);
    } else if (strcmp(o, "-n") == 0) {
      generated = number(o, v, 0);
    } else if (strcmp(o, "-r") == 0) {
      runs = number(o, v, 1);
    } else if (strcmp(o, "-ub") == 0) {
      ubatch = number(o, v, 1);
    } else if (strcmp(o, "-s") == 0) {
      seed = number(o, v, 0);
    } else {
      fail("unknown option ", o);
    }
  }
  if (model_file == NULL) {
    fail("which file? -m FILE", "");
  }
  state = 0x9e3779b97f4a7c15u + (uint64_t)seed;

  llama_log_set(keep, NULL);
  const char *backends = getenv("LLAMA_BACKENDS");
  ggml_backend_load_all_from_path(backends == NULL ? "." : backends);
  llama_backend_init();

  struct context_params c = llama_context_default_params();
  if (c.context != 512 || c.batch != BATCH || c.ubatch != 512 || c.sequences != 1
      || c.type_k != TYPE_F16 || c.type_v != TYPE_F16 || c.flash_attention != -1) {
    fail("this is another release of llama.cpp than the declarations are for", "");
  }
  struct model_params m = llama_model_default_params();
  m.gpu_layers = 0;
  m.load_mode = 1;
  /* The grouped output projection runs on a view that AMX buffers do not support: release 0.5.0 aborts
     on machines with AMX. In an ordinary buffer it works, and all else may be repacked. The type of
     the CPU itself would mean "CPU or better", so the type of wrapped memory has to do. */
  static char wrapped[4096] __attribute__((aligned(64)));
  struct buffer_choice plain[] = {
      {"attn_output_a\\.weight",
       ggml_backend_buffer_get_type(ggml_backend_cpu_buffer_from_ptr(wrapped, sizeof wrapped))},
      {NULL, NULL}};
  m.buffers = plain;
  void *model = llama_model_load_from_file(model_file, m);
  if (model == NULL) {
    fail("llama.cpp refuses ", model_file);
  }
  int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));

  int count = 0;
  int32_t *ids = tokens_file == NULL ? NULL : ids_of(tokens_file, &count);
  int longest = ids != NULL ? count : prompt_tokens > generated ? prompt_tokens : generated;
  c.context = (uint32_t)longest;
  c.ubatch = (uint32_t)ubatch;
  c.threads = threads;
  c.threads_batch = threads;
  void *context = llama_init_from_model(model, c);
  if (context == NULL) {
    fail("llama.cpp makes no context", "");
  }
  void *cpu = ggml_backend_dev_backend_reg(ggml_backend_dev_by_type(CPU));
  pool_new new_pool = (pool_new)ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new");
  struct pool_params pool = ggml_threadpool_params_default(threads);
  llama_attach_threadpool(context, new_pool(&pool), NULL);

  if (ids != NULL) {
    float *all = malloc(sizeof(float) * (size_t)count * (size_t)vocabulary);
    struct batch batch = llama_batch_init(count, 0, 1);
    if (all == NULL || count > BATCH) {
      fail("too many tokens", "");
    }
    batch.count = count;
    for (int i = 0; i < count; i++) {
      batch.token[i] = ids[i];
      batch.position[i] = i;
      batch.sequences[i] = 1;
      batch.sequence[i][0] = 0;
      batch.output[i] = 1;
    }
    decode(context, batch);
    for (int i = 0; i < count; i++) {
      memcpy(all + (size_t)i * (size_t)vocabulary, llama_get_logits_ith(context, i),
             sizeof(float) * (size_t)vocabulary);
    }
    if (against != NULL) {
      compare(all, logits_of(against, (size_t)count * (size_t)vocabulary), count, vocabulary);
    } else {
      for (int i = 0; i < count; i++) {
        const float *x = all + (size_t)i * (size_t)vocabulary;
        printf("%d %d %g\n", i, largest(x, vocabulary), x[largest(x, vocabulary)]);
      }
    }
    return 0;
  }

  double *time = malloc(sizeof(double) * (size_t)runs);
  if (time == NULL) {
    fail("out of memory", "");
  }
  printf("{\"engine\": \"llama.cpp\", \"threads\": %d, \"ubatch\": %d, \"runs\": %d", threads, ubatch,
         runs);
  if (prompt_tokens > 0) {
    prompt(context, prompt_tokens, vocabulary);
    for (int i = 0; i < runs; i++) {
      double start = seconds();
      prompt(context, prompt_tokens, vocabulary);
      time[i] = seconds() - start;
    }
    rates("pp", prompt_tokens, runs, time);
  }
  if (generated > 0) {
    generate(context, generated, vocabulary);
    for (int i = 0; i < runs; i++) {
      double start = seconds();
      generate(context, generated, vocabulary);
      time[i] = seconds() - start;
    }
    rates("tg", generated, runs, time);
  }
  printf("}\n");
  return 0;
}
