#!/bin/sh
# Commit and push the patch that `make publish` made in another job, and the tag that lessons fetch if there is none yet.
#
#     sh .github/push.sh PATCH        # nothing, if the patch is empty
#
# Where the patch was made, packages were installed. So it may only change what `make publish` writes: README, lessons, and one
# line of pyproject.toml.
set -eu

refuse() {
	echo "push.sh: the patch is not applied: $1" >&2
	exit 1
}

main() {
	test -s "$1" || exit 0
	test -z "$(git apply --summary "$1")" || refuse "it makes, deletes or renames files, or changes their rights"
	git apply --numstat -z "$1" | tr '\0' '\n' | cut -f 3 | while read -r name; do
		case $name in
		pyproject.toml | README.md) ;;
		lessons/*/*) refuse "it changes $name" ;;
		lessons/*.ipynb) ;;
		*) refuse "it changes $name" ;;
		esac
	done
	git apply "$1"
	git diff -U0 pyproject.toml | sed 1,4d | grep -v '^@@' | grep -qv '^[+-]repository = "[^"]*"$' \
		&& refuse "it changes more than the address in pyproject.toml"
	version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
	git -c user.name=publish -c user.email=publish@users.noreply.invalid commit -qam "The course's public address"
	git push -q origin HEAD
	git tag "v$version" 2>/dev/null && git push -q origin "v$version" || true
}

# The whole script is read before anything is changed.
main "$@"
exit
