# epoch-tools: build, deps, demo, test, lint, fmt, fuzz, bench, install.
#
#	make                  build into build/bin
#	make deps             install what is missing (Debian packages)
#	make demo             a board becomes an epoch, with Redis and vendor of its own
#	make test [BOARDS=DIR]  everything that a test can prove
#	make soak             what takes minutes to prove
#	make SAN=1 test       the same under address and undefined sanitizers
#
# A new directory under cmd/ is a new tool; nothing here needs an edit.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
LIBEXECDIR ?= $(PREFIX)/share/epoch-tools
UNITDIR ?= $(PREFIX)/lib/systemd/system
CC ?= cc
CLANG ?= clang
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
BOARDS ?=
FUZZ_SECONDS ?= 20

ifdef SAN
BUILD ?= build/san
SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
else ifdef COV
BUILD ?= build/cov
SANFLAGS = --coverage
else
BUILD ?= build
endif

PACKAGES = hiredis jansson libcrypto libcurl libwebsockets libzstd
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo 0.1)
# As strings HIREDIS_PKG, JANSSON_PKG, …: for --version.
LIB_VERSIONS := $(foreach p,$(PACKAGES),-D$(shell echo $(p) | \
	tr a-z A-Z)_PKG='"$(shell $(PKG_CONFIG) --modversion $(p) 2>&1)"')
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla
OWN = -std=c11 -D_POSIX_C_SOURCE=200809L -Icommon -I$(BUILD)/gen $(WARN) \
	-ffp-contract=off -fstack-protector-strong -fPIE \
	$(LIB_VERSIONS) $(SANFLAGS)
LINK = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

TOOLS := $(patsubst cmd/%/,%,$(sort $(dir $(wildcard cmd/*/main.c))))
BINS := $(TOOLS:%=$(BUILD)/bin/%)
LIB := $(BUILD)/libcommon.a
LUA := $(filter-out common/lua/lib.lua,$(wildcard common/lua/*.lua))
LUA_C := $(LUA:common/lua/%.lua=$(BUILD)/gen/lua/%.c)
LIB_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard common/*.c)) \
	$(LUA:common/lua/%.lua=$(BUILD)/obj/lua/%.o)
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))
SHIMS := $(patsubst tests/shim/%.c,$(BUILD)/shim/%.so,$(wildcard tests/shim/*.c))
C_FILES = $(wildcard cmd/*/*.c cmd/*/*.h common/*.c common/*.h tests/*/*.c \
	tests/*/*.h)

Q = $(if $(V),,@)

all: $(BINS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC      $<')
	$(Q)$(CC) $(OWN) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Rewritten only when the version changed; opt.c tells it.
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@echo '#define VERSION "$(VERSION)"' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/obj/common/opt.o $(BUILD)/obj/tests/unit/base.o: \
	$(BUILD)/gen/version.h

# A script becomes "const char lua_NAME[]", its first line (#!lua) kept
# first, the shared functions of lib.lua behind it.
$(BUILD)/gen/lua/%.c: common/lua/%.lua common/lua/lib.lua
	@mkdir -p $(@D)
	$(Q){ echo 'extern const char lua_$*[]; const char lua_$*[] ='; \
	{ sed -n 1p $<; grep -v '^ *--' common/lua/lib.lua; \
	  sed 1d $< | grep -v '^ *--'; } | \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/'; echo ';'; } >$@

$(BUILD)/obj/lua/%.o: $(BUILD)/gen/lua/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(OWN) $(CFLAGS) -c -o $@ $<

$(LIB): $(LIB_OBJS)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define tool
$(BUILD)/bin/$(1): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard cmd/$(1)/*.c)) \
	$(LIB)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

$(BINS):
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD      $@')
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $^ $(PKG_LIBS) -lm

# Parts of a tool that have a unit program: it may need the others, too.
$(BUILD)/unit/ranges $(BUILD)/unit/pages: $(filter-out %/main.o, \
	$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard cmd/chain-fetch/*.c)))
$(BUILD)/unit/tap_feed $(BUILD)/unit/tap_choose $(BUILD)/unit/tap_queue: \
	$(filter-out %/main.o, \
	$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard cmd/ws-tap/*.c)))
$(BUILD)/unit/policy: $(BUILD)/obj/cmd/epoch-gc/policy.o

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $(filter %.o,$^) $(LIB) \
	    $(PKG_LIBS) -lm

# The vendor's stand-in of the tests; its libraries are nobody else's.
STANDIN = $(BUILD)/standin
STANDIN_LIBS := $(shell $(PKG_CONFIG) --libs libwebsockets zlib 2>/dev/null)
$(STANDIN): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/standin/*.c)) \
	$(LIB)
	$(if $(V),,@echo '  LD      $@')
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $^ $(STANDIN_LIBS) \
	    $(PKG_LIBS) -lm

# The simplest client of it.
WSCLIENT = $(BUILD)/wsclient
$(WSCLIENT): $(BUILD)/obj/tests/wsclient/main.o $(LIB)
	$(if $(V),,@echo '  LD      $@')
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $^ $(STANDIN_LIBS) \
	    $(PKG_LIBS) -lm

$(BUILD)/shim/%.so: tests/shim/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fPIC -shared -o $@ $<

# A part of a tool that has a fuzzer.
build/fuzz/story: FUZZ_PARTS = -Icmd/epoch-replay cmd/epoch-replay/story.c
build/fuzz/story: cmd/epoch-replay/story.c cmd/epoch-replay/story.h

build/fuzz/%: tests/fuzz/%.c $(BUILD)/gen/version.h $(wildcard common/*.c common/*.h) $(LUA_C)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -g -O1 -std=c11 -D_POSIX_C_SOURCE=200809L -Icommon \
	    -fsanitize=fuzzer,address,undefined -I$(BUILD)/gen \
	    $(LIB_VERSIONS) $(PKG_CFLAGS) -o $@ $< $(FUZZ_PARTS) \
	    $(wildcard common/*.c) \
	    $(LUA_C) $(PKG_LIBS) -lm

deps:
	@tests/deps

# Submakes: what deps installs is seen by pkg-config only in a new make.
demo: deps
	+@$(MAKE) --no-print-directory all $(STANDIN)
	@pipelines/demo $(BUILD)/bin

test: deps
	+@$(MAKE) --no-print-directory test-built

# All that the tests need.
built: all $(UNITS) $(SHIMS) $(STANDIN) $(WSCLIENT)

test-built: built
	@BUILD=$(BUILD) BOARDS=$(BOARDS) tests/run

# One file: make tests/geom-hash.bats.run
%.bats.run: built
	@BUILD=$(BUILD) BOARDS=$(BOARDS) tests/run $*.bats

# What takes minutes.
soak: deps
	+@$(MAKE) --no-print-directory built
	@BUILD=$(BUILD) BOARDS=$(BOARDS) bats tests/soak/*.bats

bless: all
	@BUILD=$(BUILD) tests/bless $(CASE)

lint:
	@tests/deps
	@tests/deps lint
	+@$(MAKE) --no-print-directory all
	@MAKE='$(MAKE)' tests/lint/run

fmt:
	$(Q)clang-format -i $(C_FILES)

fuzz: $(FUZZERS)
	@for f in $(FUZZERS); do tests/fuzz/run $$f $(FUZZ_SECONDS) || exit 1; done

bench: all $(STANDIN) $(BUILD)/shim/clock.so
	@BUILD=$(BUILD) BOARDS=$(BOARDS) tests/bench/run

# Units name the tools where they are installed.
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(UNITDIR)
	install $(BINS) $(DESTDIR)$(BINDIR)
	install $(filter-out %/demo %/demo.sh %.example %.service,$(wildcard pipelines/*)) \
	    $(DESTDIR)$(LIBEXECDIR)
	install -m 644 pipelines/crontab.example $(DESTDIR)$(LIBEXECDIR)
	for u in $(notdir $(wildcard pipelines/*.service)); do \
	    sed -e 's|/usr/local/bin|$(BINDIR)|; s|/usr/local/share/epoch-tools|$(LIBEXECDIR)|' \
	    pipelines/$$u >$(DESTDIR)$(UNITDIR)/$$u && \
	    chmod 644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; done
	for s in 1 5 7; do install -d $(DESTDIR)$(MANDIR)/man$$s && \
	    install -m 644 docs/man/*.$$s $(DESTDIR)$(MANDIR)/man$$s; done

uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(TOOLS)
	rm -rf $(DESTDIR)$(LIBEXECDIR)
	rm -f $(patsubst pipelines/%,$(DESTDIR)$(UNITDIR)/%,$(wildcard pipelines/*.service))
	for m in $(notdir $(wildcard docs/man/*)); do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done

clean:
	rm -rf build

FORCE:

.PHONY: all FORCE built deps demo test test-built soak bless lint fmt fuzz bench install \
	uninstall clean
.DELETE_ON_ERROR:
# Kept between two runs; .SECONDARY would hide that a header has moved.
.PRECIOUS: $(BUILD)/obj/%.o $(BUILD)/gen/lua/%.c

# Not those of sources that have moved away since.
DEPS := $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
-include $(foreach d,$(DEPS),\
	$(if $(wildcard $(d:$(BUILD)/obj/%.d=%.c)),$(d)))
