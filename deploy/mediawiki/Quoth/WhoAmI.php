<?php

namespace Quoth;

use MediaWiki\MediaWikiServices;
use MediaWiki\Rest\Handler;
use MediaWiki\Rest\Response;

/**
 * Who is signed in: their name, percent-encoded, in X-Wiki-User, their groups so in X-Wiki-Groups, between commas; no
 * such headers for nobody.
 */
class WhoAmI extends Handler {
	public function execute(): Response {
		$response = $this->getResponseFactory()->createNoContent();
		$response->setHeader( 'Cache-Control', 'private, no-store' );
		$user = $this->getAuthority()->getUser();
		if ( $user->isRegistered() ) {
			$response->setHeader( 'X-Wiki-User', rawurlencode( $user->getName() ) );
			$groups = MediaWikiServices::getInstance()->getUserGroupManager()->getUserEffectiveGroups( $user );
			$response->setHeader( 'X-Wiki-Groups', implode( ',', array_map( 'rawurlencode', $groups ) ) );
		}
		return $response;
	}

	/** Nobody is told from somebody on a wiki that only members read, too. */
	public function needsReadAccess(): bool {
		return false;
	}

	public function needsWriteAccess(): bool {
		return false;
	}
}
